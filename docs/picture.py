"""Draws docs/paying.svg: the installed program on a terminal, as it really looks.

python docs/picture.py
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS, ROWS = 92, 60
PROGRAM = Path(sys.executable).with_name("invoicepay")
COMMANDS = ("invoices list", "pay INV-1042 INV-1060 --method card --yes")
# rich's own template asks for a font from the network; a picture in a README must not.
FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
<rect fill="#292929" width="{width}" height="{height}" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def on_a_terminal(command: str, environment: dict[str, str]) -> str:
    """What the program writes to a terminal."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [PROGRAM, *command.split()], stdout=theirs, stderr=theirs, stdin=theirs, env=environment
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        written += part
    child.wait()
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "TERM": "xterm-256color",
            "COLUMNS": str(COLUMNS),
            "LINES": str(ROWS),
            "INVOICEPAY_CONFIG": f"{folder}/demo/invoicepay.toml",
        }
        demo = [PROGRAM, "demo", "--dir", f"{folder}/demo"]
        subprocess.run(
            demo, check=True, capture_output=True, env=environment | {"INVOICEPAY_CONFIG": ""}
        )
        console = Console(record=True, width=COLUMNS, file=io.StringIO())
        for command in COMMANDS:
            console.print(Text(f"$ invoicepay {command}", style="bold"))
            console.print(Text.from_ansi(on_a_terminal(command, environment)))
    svg = console.export_svg(code_format=FORMAT, unique_id="invoicepay")
    svg = re.sub(r"[ \t]+\n", "\n", svg)
    Path(__file__).with_name("paying.svg").write_text(svg, "utf-8")


if __name__ == "__main__":
    main()
