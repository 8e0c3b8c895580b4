"""Mail as files: for the sandbox, for machines without SMTP, and for looking at."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from invoicepay.billing.ports import MailNotSent, Message
from invoicepay.mail.message import build

_WORD = re.compile(r"[a-z0-9]+", re.ASCII)


class FolderMailer:
    """Implements ports.Mailer: each message becomes `<time>-<subject>-<id>.eml`, mode 0600.

    `sender` stands in where the company has no e-mail address. The same Message-ID again
    replaces its file.
    """

    def __init__(self, folder: Path, sender: str = "billing@invoicepay.invalid") -> None:
        self._folder, self._sender = folder, sender

    def send(self, message: Message) -> None:
        """Write the file, durably, whole or not at all. Raises MailNotSent."""
        content = build(message, "" if message.sender.strip() else self._sender).as_bytes()
        try:
            _make(self._folder)
            _write(self._path(message), content)
        except OSError as problem:
            why = problem.strerror or "input/output error"
            raise MailNotSent(f"cannot write to {self._folder}: {why}") from None

    def _path(self, message: Message) -> Path:
        """Names sort by time; nothing in them comes unfiltered from data."""
        fragment = hashlib.sha256(message.message_id.encode("utf-8", "replace")).hexdigest()[:12]
        for earlier in self._folder.glob(f"*-{fragment}.eml"):
            return earlier
        subject = "-".join(_WORD.findall(message.subject.lower()))[:40].strip("-") or "mail"
        return self._folder / f"{message.sent_at:%Y%m%dT%H%M%SZ}-{subject}-{fragment}.eml"


def _write(path: Path, content: bytes) -> None:
    # mkstemp creates with O_EXCL and mode 0600; a rename replaces a link, never follows it.
    descriptor, temporary = tempfile.mkstemp(prefix=".mail-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _make(folder: Path) -> None:
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Make the names in it durable: the ledger will say that the mail was sent."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
