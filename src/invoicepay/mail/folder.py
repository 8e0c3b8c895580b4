"""Mail as files: for the sandbox, for machines without SMTP, and for looking at."""

from __future__ import annotations

import hashlib
import re
from math import inf
from pathlib import Path

from invoicepay.billing.ports import MailNotSent, Message
from invoicepay.mail.message import build
from invoicepay.system.files import make_folder, replace_file, sync_folder

_WORD = re.compile(r"[a-z0-9]+", re.ASCII)


class FolderMailer:
    """Implements ports.Mailer: each message becomes `<time>-<subject>-<id>.eml`, mode 0600.

    `sender` stands in where the company has no e-mail address. The same Message-ID again
    replaces its file.
    """

    def __init__(self, folder: Path, sender: str = "billing@invoicepay.invalid") -> None:
        self._folder, self._sender = folder, sender

    def check(self, sender: str) -> None:
        """Nothing is missing: an address stands in where the company has none."""

    def send(self, message: Message, *, seconds: float = inf) -> None:
        """Write the file, durably, whole or not at all; a disk is not waited for any shorter.
        Raises MailNotSent."""
        content = build(message, "" if message.sender.strip() else self._sender).as_bytes()
        try:
            make_folder(self._folder)
            replace_file(self._path(message), content)
            sync_folder(self._folder)  # the ledger will say that the mail was sent
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
