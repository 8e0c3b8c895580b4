"""The documentation says what the program does, and names only what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from invoicepay.cli.examples import EXAMPLES
from tests.proofs.figures import table, write_figures

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")
_PATH = re.compile(
    r"`((?:src|tests|docs|sample_data|benchmarks|billing|cli|operations|ledger)/[^`*<> ]*)`"
)


def test_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_that_are_named_exist(page: Path) -> None:
    for path in _PATH.findall(page.read_text("utf-8")):
        places = (ROOT, ROOT / "src" / "invoicepay", ROOT / "tests")
        assert any((place / path).exists() for place in places), path


def test_the_map_names_every_folder_and_module() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for path in (ROOT / "src" / "invoicepay").iterdir():
        if path.name not in ("__init__.py", "__pycache__", "py.typed", "sample_data"):
            assert f"`src/invoicepay/{path.name}" in text


def test_every_command_of_the_readme_exists() -> None:
    from invoicepay.cli.main import COMMANDS

    for page in PAGES:
        for command in re.findall(r"invoicepay ([a-z]+)\b", page.read_text("utf-8")):
            assert command in COMMANDS or command in _NOT_COMMANDS, f"{page.name}: {command}"


_NOT_COMMANDS = {"takes", "ledger"}


def test_the_manual_has_every_command_and_groff_has_no_complaint() -> None:
    page = ROOT / "docs" / "invoicepay.1"
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    command = [groff, "-man", "-ww", "-Tutf8", "-rLL=100n", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    plain = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
    for words in EXAMPLES:
        assert f"   invoicepay {words} " in plain


def test_a_proof_writes_its_figures_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures: a -->\nold\n<!-- /figures -->\nafter\n", "utf-8")

    write_figures("a", table(("", "n"), [["x", 1234]]), page)

    assert page.read_text("utf-8") == (
        "before\n<!-- figures: a -->\n|  | n |\n| --- | --- |\n| x | 1,234 |\n"
        "<!-- /figures -->\nafter\n"
    )
    with pytest.raises(LookupError):
        write_figures("b", "", page)
