"""Ledgers that are made, or that a backup takes the place of."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from invoicepay.billing.errors import Refused, Unreachable, must_be_there
from invoicepay.billing.identity import Mode
from invoicepay.settings import Settings
from invoicepay.wiring.local import Local

if TYPE_CHECKING:
    from invoicepay.billing.customer import Actor, Company
    from invoicepay.billing.identity import LedgerIdentity
    from invoicepay.billing.ports import Unit
    from invoicepay.operations.books.restore import Restore, Restored


class BackupFacts(NamedTuple):
    """What a backup says of itself; `until` (UTC): when its last entry was recorded."""

    identity: LedgerIdentity
    company: str
    until: datetime


def look_at_backup(backup: Path) -> BackupFacts:
    """Raises Unreachable or DoesNotTie for what is no backup."""
    from invoicepay.billing.journal import JournalFilter
    from invoicepay.ledger.backup_copy import look_at

    def look(unit: Unit) -> BackupFacts:
        entries = unit.journal.page(JournalFilter(), limit=1).items
        last = must_be_there(entries[0] if entries else None, f"the journal of {backup}")
        return BackupFacts(unit.company.identity(), unit.company.get().name, last.recorded_at)

    return look_at(backup, look)


_CANNOT_TELL = ("ledger_missing", "ledger_damaged", "ledger_mixed", "ledger_unusable")


def who_may_restore(local: Local) -> Actor | None:
    """Who asks, as the ledger in place has it; None where there is none that can tell: whoever can
    write there may put a backup there, as by hand. Raises NotAllowed."""
    from invoicepay.operations.books.restore import Restore

    try:
        return local.app.check(Restore)
    except Unreachable as error:
        if error.code in _CANNOT_TELL:
            return None
        raise


def restore_ledger(settings: Settings, request: Restore, actor: Actor | None) -> Restored:
    """Put a backup in the place of the ledger that `settings` name. See operations.restore."""
    from invoicepay.operations.books.restore import restore

    local = Local(settings, identity=look_at_backup(request.backup).identity)
    with closing(local):
        return restore(request, actor, local)


def check_new_ledger(settings: Settings) -> None:
    """Raises Refused when the ledger that `settings` name is there already, Unreachable when that
    cannot be told: nobody should choose a password first."""
    ledger = settings.ledger
    try:
        there = ledger.exists()
    except OSError as error:
        raise Unreachable(
            "write_failed",
            f"{ledger} cannot be written: {error.strerror}",
            "Name another file with --ledger.",
        ) from error
    if there:
        raise Refused(
            "already_exists", f"{ledger} exists", "Use it, or name another file with --ledger."
        )


def create_ledger(
    settings: Settings, company: Company, *, admin_email: str, admin_password: str, mode: Mode
) -> Local:
    """Make the ledger that `settings` name, with its first admin. Raises Refused when it is
    there already or the password is weak."""
    from invoicepay.ledger.file import create
    from invoicepay.operations.books.first_admin import first_admin

    local = Local(settings)
    admin = first_admin(admin_email, admin_password, company, local.passwords, local.ids)
    create(
        settings.ledger,
        company=company,
        mode=mode,
        ledger_id=local.ids.new(),
        now=datetime.now(UTC),
        admin=admin,
    )
    return local
