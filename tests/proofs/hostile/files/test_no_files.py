"""Names behind which there is no file of records: refused at once, in little memory."""

from __future__ import annotations

import os
import socket
import stat
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from invoicepay.billing.errors import InvoicepayError
from invoicepay.operations.imports.import_records import ImportRecords
from tests.proofs.hostile.files.bad import GOOD, INVOICES, seen
from tests.world.office import Office


def _link(path: Path, target: str) -> None:
    path.symlink_to(target)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's name has at most 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


THINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (Path.mkdir, "this is a folder"),
    "a pipe": (os.mkfifo, "this is not a regular file"),
    "a socket": (_socket, "this is not a regular file"),
    "a link to nowhere": (lambda path: _link(path, "nowhere"), "no file"),
    "a link to itself": (lambda path: _link(path, path.name), "Too many levels of symbolic links"),
    "a link to a folder": (lambda path: _link(path, "."), "this is a folder"),
    "a link to a device": (lambda path: _link(path, "/dev/null"), "this is not a regular file"),
    "a link to memory": (lambda path: _link(path, "/proc/self/mem"), "the file is empty"),
    "nothing": (lambda path: None, "no file"),
}


@pytest.mark.parametrize("role", ["file", "mapping"])
@pytest.mark.parametrize("thing", THINGS)
def test_things(office: Office, thing: str, role: str) -> None:
    make, says = THINGS[thing]
    path = office.folder / "thing.csv"
    make(path)
    good = office.file(INVOICES + GOOD)
    names = (str(path), "") if role == "file" else (good, str(path))
    assert says in refusal(office, *names)


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "x/" * 3_000, "", "a\0b.csv", "\ud800.csv"])
def test_names(office: Office, name: str) -> None:
    message = refusal(office, str(office.folder / name))
    assert len(message) < 10_000


@pytest.mark.parametrize("role", ["file", "mapping"])
def test_a_file_of_somebody_else(office: Office, role: str) -> None:
    path = Path(office.file(INVOICES + GOOD, "secret.csv"))
    path.chmod(0)
    good = office.file(INVOICES + GOOD)
    office.folder.chmod(0o755)
    with _nobody():
        names = (str(path), "") if role == "file" else (good, str(path))
        request = ImportRecords("invoices", *names)
        with pytest.raises(InvoicepayError) as caught:
            office.run(request)
    assert "cannot be read: Permission denied" in caught.value.message


@contextmanager
def _nobody() -> Iterator[None]:
    """Without the rights of root, whom modes do not stop."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines.csv", r"two\u000alines.csv"),
        ("\x1b[31mred.csv", r"\u001b[31mred.csv"),
        ("turn\u202egnp.csv", r"turn\u202egnp.csv"),
        ("caf\udce9.csv", r"caf\udce9.csv"),
    ],
)
def test_a_name_that_does_not_show_is_written_out(office: Office, name: str, shown: str) -> None:
    assert refusal(office, office.file(f"{INVOICES}A\n", name)).startswith(f"{shown}: 1 bad line")
    assert refusal(office, office.file("", name)) == f"{shown}: the file is empty"


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("start", ["", INVOICES, INVOICES + GOOD * 3])
def test_two_gigabytes_of_nothing(office: Office, start: str, suffix: str) -> None:
    path = Path(office.file(start, f"large.{suffix}"))
    os.truncate(path, 2 << 30)
    tracemalloc.start()
    try:
        refusal(office, str(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20


def test_a_record_without_end_is_not_held_in_memory(office: Office) -> None:
    path = office.file(INVOICES + '"a\n",' * 2_200_000)
    tracemalloc.start()
    try:
        assert "longer than 4 MiB" in refusal(office, path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 128 << 20


def refusal(office: Office, path: str, mapping: str = "") -> str:
    """The message with which the file is refused; nothing is changed by it."""
    before = seen(office)
    with pytest.raises(InvoicepayError) as caught:
        office.run(ImportRecords("invoices", path, mapping))
    assert seen(office) == before
    assert caught.value.exit_code in (5, 8)
    assert caught.value.message.isprintable()
    return caught.value.message


def test_the_ledger_itself(office: Office) -> None:
    mode = stat.S_IMODE(office.ledger.path.stat().st_mode)
    assert "has a NUL byte" in refusal(office, str(office.ledger.path))
    assert stat.S_IMODE(office.ledger.path.stat().st_mode) == mode
