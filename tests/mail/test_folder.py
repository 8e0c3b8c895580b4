"""Mail as files."""

from __future__ import annotations

import dataclasses
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from invoicepay.billing.ports import MailNotSent, Message
from invoicepay.mail.folder import FolderMailer

MESSAGE = Message(
    message_id="p1.received@ledger.invoicepay",
    sender="billing@acme.example",
    sender_name="Acme Tools",
    to="bob@customer.example",
    subject="SANDBOX – no money moved: Payment of 12.00 USD received",
    text="Thank you.\n",
    sent_at=datetime(2026, 10, 31, 12, 30, 5, tzinfo=UTC),
)


def test_names_sort_by_time_and_say_what(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path)
    mailer.send(dataclasses.replace(MESSAGE, message_id="b", sent_at=MESSAGE.sent_at))
    mailer.send(
        dataclasses.replace(MESSAGE, message_id="a", sent_at=MESSAGE.sent_at - timedelta(hours=1))
    )
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names[0].startswith("20261031T113005Z-sandbox-no-money-moved")
    assert names[1].startswith("20261031T123005Z-sandbox-no-money-moved")


def test_only_the_owner_may_read_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        FolderMailer(tmp_path / "outbox").send(MESSAGE)
    finally:
        os.umask(before)
    [file] = (tmp_path / "outbox").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_same_message_id_replaces_its_file(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path)
    mailer.send(MESSAGE)
    later = MESSAGE.sent_at + timedelta(days=1)
    mailer.send(dataclasses.replace(MESSAGE, text="Second.\n", sent_at=later, subject="Other"))
    [file] = tmp_path.iterdir()
    assert "Second." in file.read_text()


@pytest.mark.parametrize(
    "evil", ["../../x", "/etc/x", "a\x00b", "CON", "x" * 300, "..", "*", "[a-z]", "a\udcff"]
)
def test_hostile_ids_and_subjects_stay_in_the_folder(tmp_path: Path, evil: str) -> None:
    folder = tmp_path / "outbox"
    FolderMailer(folder).send(dataclasses.replace(MESSAGE, message_id=evil, subject=evil))
    [file] = folder.iterdir()
    assert file.suffix == ".eml"
    assert len(file.name) < 100
    assert list(tmp_path.iterdir()) == [folder]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    folder, target = tmp_path / "outbox", tmp_path / "target"
    FolderMailer(folder).send(MESSAGE)
    [file] = folder.iterdir()
    file.unlink()
    target.write_text("keep")
    file.symlink_to(target)
    FolderMailer(folder).send(MESSAGE)
    assert target.read_text() == "keep"
    assert not file.is_symlink()


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(MailNotSent, match="cannot write to"):
        FolderMailer(tmp_path / "outbox").send(MESSAGE)


def test_a_company_without_address_gets_a_stand_in(tmp_path: Path) -> None:
    FolderMailer(tmp_path).send(dataclasses.replace(MESSAGE, sender=""))
    [file] = tmp_path.iterdir()
    assert "From: Acme Tools <billing@invoicepay.invalid>" in file.read_text()


def test_no_temporary_file_remains_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MailNotSent, match="No space left"):
        FolderMailer(tmp_path).send(MESSAGE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("nothing", ["", "\u202e", "\r\n"])
def test_a_message_without_an_id_is_not_sent(tmp_path: Path, nothing: str) -> None:
    with pytest.raises(MailNotSent, match="cannot compose"):
        FolderMailer(tmp_path).send(dataclasses.replace(MESSAGE, message_id=nothing))
    assert list(tmp_path.iterdir()) == []
