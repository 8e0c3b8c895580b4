"""Files: names from an allow-list, whole or not at all, and no links followed."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicepay.billing.errors import Unreachable
from invoicepay.cli import downloads
from invoicepay.cli.downloads import Names, safe_name, say_missing
from invoicepay.cli.output import Format, Output
from invoicepay.system.files import write_whole
from tests.world.program import DemoCompany

ALLOWED = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


@pytest.mark.parametrize("name", ["INV-1042", "R-000003", "2026_10.1", "a", "consul"])
def test_a_plain_name_stays(name: str) -> None:
    assert safe_name(name, ".pdf") == f"{name}.pdf"


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("../../x", "x-"),
        ("/etc/passwd", "etc_passwd-"),
        ("C:\\windows\\x", "C_windows_x-"),
        ("a\x00b", "a_b-"),
        ("a\nb", "a_b-"),
        ("x" * 300, "x" * 100 + "-"),
        ("Rechnung №5 – Käse", "Rechnung_5_K_se-"),
        ("日本", "file-"),
        ("", "file-"),
        ("..", "file-"),
        (".hidden", "hidden-"),
        ("-rf", "rf-"),
        ("trailing.", "trailing-"),
        ("CON", "file-"),
        ("nul", "file-"),
        ("LPT1", "file-"),
        ("aux.txt", "file-"),
        ("a\ud800", "a-"),
        ("a/b", "a_b-"),
    ],
)
def test_what_is_taken_away_is_marked(name: str, begins: str) -> None:
    safe = safe_name(name, ".pdf")
    assert safe.startswith(begins)
    assert len(safe) == len(begins) + 8 + len(".pdf")


def test_names_that_would_be_one_are_kept_apart() -> None:
    names = ["a/b", "a\\b", "a_b", "a b", "a_b_", "x" * 300, "x" * 301, "CON", "con", "", "..", "."]
    assert len({safe_name(name, ".pdf") for name in names}) == len(names)


@given(st.text(st.characters(codec=None)))
def test_any_name_is_safe(name: str) -> None:
    safe = safe_name(name, ".pdf")
    assert set(safe) <= ALLOWED
    assert len(safe) < 120
    assert not safe.startswith((".", "-"))
    assert safe.partition(".")[0].lower() not in ("con", "prn", "aux", "nul", "com1", "lpt1", "")


def test_names_that_differ_only_in_case_are_kept_apart() -> None:
    names = Names(["Inv-7.pdf", "notes.txt"])
    given = [names.name(n, ".pdf") for n in ("INV-9", "inv-9", "Inv-9", "INV-9", "INV-7", "Inv-7")]
    assert given[0] == given[3] == "INV-9.pdf"
    assert given[5] == "Inv-7.pdf"  # which it replaces
    assert len({name.casefold() for name in given}) == 5
    assert re.fullmatch("inv-9-[0-9a-f]{8}.pdf", given[1])


def test_what_is_downloaded_stays_apart_where_case_makes_no_difference(
    company: DemoCompany, tmp_path: Path
) -> None:
    company.edit("UPDATE invoices SET number = 'inv-1042' WHERE number = 'INV-1060'")
    both = ["inv-1042", "INV-1042"]
    assert company.run(["invoices", "pdf", *both, "--dir", "out"]).exit_code == 0
    assert company.run(["invoices", "pdf", *both, "--zip", "out.zip"]).exit_code == 0
    again = company.run(["invoices", "pdf", both[1], "--dir", "out"])
    assert again.exit_code == 0

    files = [path.name for path in (company.folder / "out").iterdir()]
    entries = zipfile.ZipFile(company.folder / "out.zip").namelist()
    for names in (files, entries):
        assert len({name.casefold() for name in names}) == len(names) == 2


def test_a_file_is_private_and_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.pdf"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names_in(path.parent) == ["x.pdf"]


def test_the_longest_name_that_a_file_can_have(tmp_path: Path) -> None:
    name = "発" * 83 + ".zip"
    write_whole(tmp_path / name, b"zip")
    assert names_in(tmp_path) == [name]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "x.pdf"
    target.write_text("precious")
    link.symlink_to(target)
    write_whole(link, b"pdf")
    assert target.read_text() == "precious"
    assert not link.is_symlink()


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize("problem", [errno.ENOSPC, errno.EIO])
def test_a_full_or_broken_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, problem: int
) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(b"old")

    def fails(*_: object, **__: object) -> None:
        raise OSError(problem, os.strerror(problem))

    monkeypatch.setattr(call, fails)
    with pytest.raises(Unreachable) as raised:
        write_whole(path, b"new")
    assert raised.value.code == "write_failed"
    assert os.strerror(problem) in raised.value.message
    assert names_in(tmp_path) == ["x.pdf"]
    assert path.read_bytes() == b"old"


def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "x.pdf", b"new")
    assert names_in(tmp_path) == []


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


class TestByTheProgram:
    HOSTILE = ("../../up", "/etc/x", "CON", "a\u202egpj", "n" * 300, "=1+1")

    @pytest.fixture
    def hostile(self, company: DemoCompany) -> DemoCompany:
        """Invoices whose numbers are no file names."""
        for position, number in enumerate(self.HOSTILE):
            name = number.replace("'", "''")
            company.edit(
                f"UPDATE invoices SET number = '{name}' WHERE number = "
                f"'INV-10{('42', '60', '63', '67', '35', '28')[position]}'"
            )
        return company

    def test_files_stay_in_their_folder(self, hostile: DemoCompany) -> None:
        before = set(hostile.folder.parent.rglob("*.pdf"))
        result = hostile.run(["invoices", "pdf", *self.HOSTILE, "--dir", "out"])
        assert result.exit_code == 0
        made = set(hostile.folder.parent.rglob("*.pdf")) - before
        assert {path.parent for path in made} == {hostile.folder / "out"}
        assert len(made) == len(self.HOSTILE)
        assert all(path.read_bytes().startswith(b"%PDF-") for path in made)

    def test_so_do_the_entries_of_a_zip(self, hostile: DemoCompany) -> None:
        assert hostile.run(["invoices", "pdf", *self.HOSTILE, "--zip", "all.zip"]).exit_code == 0
        with zipfile.ZipFile(hostile.folder / "all.zip") as archive:
            assert archive.testzip() is None
            for name in archive.namelist():
                assert set(name) <= ALLOWED
            assert len(set(archive.namelist())) == len(self.HOSTILE)

    def test_and_nothing_of_them_reaches_the_terminal(self, hostile: DemoCompany) -> None:
        for command in ("invoices list", "invoices show a\u202egpj", "invoices show nothing\u202e"):
            result = hostile.run(command)
            assert "\u202e" not in result.stdout + result.stderr
        rows = hostile.run("invoices list --all --format csv").stdout.splitlines()
        assert any(row.startswith("'=1+1,") for row in rows)

    def test_a_pdf_on_stdout_is_a_pdf(self, company: DemoCompany) -> None:
        from pypdf import PdfReader

        done = company.run_bytes("invoices pdf INV-1042 --stdout")
        assert "INV-1042" in PdfReader(io.BytesIO(done)).pages[0].extract_text()
        (payment,) = company.run("payments list --status succeeded --limit 1 --json").json
        receipt = company.run_bytes(["payments", "receipt", payment["id"], "--stdout"])
        assert payment["receipt_number"] in PdfReader(io.BytesIO(receipt)).pages[0].extract_text()


@pytest.mark.parametrize(
    ("installed", "helps"),
    [(None, "The extra `fonts` of the package brings"), (object(), "[documents] fonts")],
)
def test_documents_with_boxes_are_named_with_what_helps(
    installed: object, helps: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "find_spec", lambda name: installed)
    said = io.StringIO()
    out = Output(Format.TABLE, io.StringIO(), said)
    say_missing(out, {"INV-1": "", "INV-2": ""})
    assert said.getvalue() == ""
    say_missing(out, {"INV-1": "東京", "INV-2": "", "INV-3": "京"})
    text = " ".join(said.getvalue().split())
    assert text.startswith(
        "INV-1, INV-3: a box (□) stands for each character that no font has here: 京東."
    )
    assert helps in text


def test_of_many_documents_with_boxes_some_are_named() -> None:
    said = io.StringIO()
    missing = {f"INV-{n}": chr(0x4E00 + n) for n in range(50)}
    say_missing(Output(Format.TABLE, io.StringIO(), said), missing)
    text = " ".join(said.getvalue().split())
    assert text.startswith("INV-0, INV-1, INV-2, INV-3, INV-4 and 45 more: a box")
    assert text.count("…") == 1


def test_a_command_tells_of_characters_that_no_font_has(company: DemoCompany) -> None:
    company.edit(
        "UPDATE invoice_lines SET description = 'Coffee \U0001f600' WHERE invoice_id ="
        " (SELECT id FROM invoices WHERE number = 'INV-1060')"
    )
    for options in ([], ["--stdout"]):
        _, _, said = company.ended(["invoices", "pdf", "INV-1060", *options])
        assert "INV-1060: a box (□) stands" in said.decode()
    pdfs = ["invoices", "pdf", "INV-1060", "INV-1042", "--json"]
    assert [file["missing"] for file in company.run(pdfs).json] == ["😀", ""]
    assert [file["missing"] for file in company.run([*pdfs, "--zip", "a.zip"]).json] == ["😀"]
