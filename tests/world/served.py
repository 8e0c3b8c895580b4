"""A running `invoicepay sandbox serve`, and the settings that lead to it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.world.program import HANGS_AFTER, PROGRAM, Desk, heed_interrupts


@dataclass
class Served:
    """A server in a process of its own. `output` and `errors` are complete once it has ended."""

    process: subprocess.Popen[bytes]
    output: str
    errors: str = ""

    @property
    def url(self) -> str:
        return self.output.strip()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def key_file(self, ledger: Path) -> Path:
        return ledger.with_name(f"{ledger.name}.sandbox.{self.port}.key")

    def end(self, how: signal.Signals = signal.SIGINT) -> None:
        self.process.send_signal(how)
        rest, errors = self.process.communicate(timeout=HANGS_AFTER)
        self.output += rest.decode()
        self.errors = errors.decode()


@contextmanager
def served(desk: Desk, options: str = "--port 0", **variables: str) -> Iterator[Served]:
    """`invoicepay sandbox serve OPTIONS`, ready for its first request."""
    process = subprocess.Popen(
        [str(PROGRAM), "sandbox", "serve", *options.split()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # what is read below is all that is taken from the pipe
        cwd=desk.folder,
        env=desk.environment(variables),
        preexec_fn=heed_interrupts,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise AssertionError(process.communicate()[1].decode())
        yield Served(process, line.decode())
    finally:
        process.kill()
        process.communicate()


def lead_to(config: Path, url: str, key_file: Path | None = None) -> None:
    """Add to a settings file that the practice bank is at `url`."""
    key = f'key_file = "{key_file}"\n' if key_file else ""
    config.write_text(f'{config.read_text()}[sandbox]\nurl = "{url}"\n{key}')
