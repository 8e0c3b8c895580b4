"""The sandbox's file: private, recognised, and the same account for good."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from invoicepay.sandbox.clock import SandboxFileError
from invoicepay.sandbox.server import SandboxServer
from invoicepay.sandbox.store import connect


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
def test_only_its_owner_reads_it(path: Path) -> None:
    old = os.umask(0)
    try:
        with SandboxServer(path):
            connect(path).close()
            files = sorted(path.parent.iterdir())
            assert [file.name for file in files] == [
                "sandbox.db",
                "sandbox.db-shm",
                "sandbox.db-wal",
            ]
            assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3
    finally:
        os.umask(old)


def test_the_account_belongs_to_the_file(tmp_path: Path) -> None:
    def account(path: Path) -> str:
        with closing(connect(path)) as db:
            return str(db.execute("SELECT id FROM account").fetchone()[0])

    one = account(tmp_path / "one.db")
    assert one.startswith("acct_")
    assert account(tmp_path / "one.db") == one
    assert account(tmp_path / "two.db") != one


def test_another_applications_file_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (a)")
        db.commit()
    before = path.read_bytes()
    with pytest.raises(SandboxFileError, match="another application"):
        SandboxServer(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_text("Dear diary, " * 100)
    with pytest.raises(SandboxFileError, match="not a SQLite file"):
        connect(path)


def test_a_newer_file(path: Path) -> None:
    with closing(connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(SandboxFileError, match="newer"):
        connect(path)


def test_what_was_there_is_there_after_a_restart(path: Path) -> None:
    with SandboxServer(path) as first, closing(connect(path)) as db:
        assert first.url.startswith("http://127.0.0.1:")
        db.execute("UPDATE clock SET offset_microseconds = 5")
    with SandboxServer(path), closing(connect(path)) as db:
        assert db.execute("SELECT offset_microseconds FROM clock").fetchone() == (5,)


def test_another_program_that_closes_it_leaves_a_servers_log_in_place(path: Path) -> None:
    """SQLite's last connection deletes the -wal. A server that lost its locks is not counted."""
    reader = "import sys; from pathlib import Path; from invoicepay.sandbox.clock import offset\n"
    reader += "offset(Path(sys.argv[1]))"
    with SandboxServer(path):
        with closing(connect(path)) as db:  # as each connection of a client does
            db.execute("UPDATE clock SET offset_microseconds = 5")
        log = path.with_name(f"{path.name}-wal").stat().st_ino

        subprocess.run([sys.executable, "-c", reader, str(path)], check=True)

        assert path.with_name(f"{path.name}-wal").stat().st_ino == log
