"""Put a backup in the ledger's place, and confirm what came after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from invoicepay.billing.customer import Actor, Contact, Role
from invoicepay.billing.errors import Refused, Usage
from invoicepay.billing.identity import LedgerIdentity
from invoicepay.billing.journal import JournalFilter, JournalHead
from invoicepay.billing.ports import OpenRestore, Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.identity.authenticate import require_login

RECEIPTS_APART = 10_000
"""How far receipt numbers go on where it cannot be read how many were given since the backup."""
_MOST_RECEIPTS = 10**15


@dataclass(frozen=True, slots=True)
class Restored:
    """`kept`: where the replaced ledger is, None where there was none. `since` (UTC): when the
    last entry of the backup, `head`, was recorded. `receipts_from`: the next receipt's number;
    `guessed` where the replaced ledger could not be read. `wider_rights`: the e-mail addresses of
    who had been disabled, or allowed less, since; None where that cannot be told."""

    identity: LedgerIdentity
    kept: Path | None
    since: datetime
    head: JournalHead
    receipts_from: int
    guessed: bool
    sessions_ended: int
    wider_rights: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Restore(Request[Restored]):
    """`other_ledger`: also one that is another ledger than the one in place. `receipts_from`: the
    next receipt's number, where it is known otherwise than from the ledger in place."""

    backup: Path
    other_ledger: bool = False
    receipts_from: int | None = None


@dataclass(frozen=True, slots=True)
class _Replaced:
    """What was read from the replaced ledger."""

    identity: LedgerIdentity
    highest_receipt: int | None
    """None where the number in the ledger cannot be right."""
    contacts: dict[str, Contact]
    """By e-mail address."""
    wider_rights: tuple[str, ...]
    """Of a restore that is not confirmed yet."""


def restore(request: Restore, actor: Actor | None, ports: Ports) -> Restored:
    """The backup, verified, in place of the ledger: all sessions, tokens and invites ended, receipt
    numbers moved on, and nobody pays until it is confirmed. `actor` is None where there is no
    ledger that could tell who asks.

    Raises Unreachable and DoesNotTie for a backup that does not verify, Unreachable for a ledger
    in use, Refused (`other_ledger`) and Usage.
    """
    now, real_now = ports.clock.now(), ports.clock.real_now()

    def prepare(unit: Unit, replaced: _Replaced | None) -> Restored:
        return _prepare(request, unit, replaced, actor, now, real_now)

    mark = f"replaced-{real_now:%Y%m%dT%H%M%SZ}"
    kept, restored = ports.ledger.replace(request.backup, mark, _look, prepare)
    return replace(restored, kept=kept)


def _look(unit: Unit) -> _Replaced:
    receipt, waiting = unit.payments.highest_receipt(), unit.restores.open()
    return _Replaced(
        unit.company.identity(),
        receipt if receipt < _MOST_RECEIPTS else None,
        {contact.email: contact for contact in unit.contacts.all()},
        waiting.wider_rights if waiting else (),
    )


def _prepare(
    request: Restore,
    unit: Unit,
    replaced: _Replaced | None,
    actor: Actor | None,
    now: datetime,
    real_now: datetime,
) -> Restored:
    identity = unit.company.identity()
    if replaced and not request.other_ledger:
        _check_same(replaced.identity, identity, request)
    newer = replaced if replaced and replaced.identity.id == identity.id else None
    (last,) = unit.journal.page(JournalFilter(), limit=1).items
    head = JournalHead(last.seq, last.hash)
    known = newer.highest_receipt if newer else None
    given = max(unit.payments.highest_receipt(), known or 0)
    receipts_from = _receipts_from(request, given, certain=known is not None)
    # What was ended or spent since would work again: sessions, tokens, and one-time codes.
    sessions = unit.sessions.end_all(real_now)
    invites = unit.contacts.end_invites()
    wider_rights = _wider_rights(unit, newer) if newer else []
    unit.restores.add(now, last.recorded_at, receipts_from, wider_rights)
    unit.journal.append(
        "ledger.restored",
        identity.id,
        actor.email if actor else "",
        now,
        {
            "since": last.recorded_at.isoformat(),
            "head": str(head),
            "replaced": replaced.identity.id if replaced else None,
            "receipts": [given, receipts_from],
            "sessions_ended": sessions,
            "invites_ended": invites,
            "wider_rights": wider_rights,
        },
    )
    return Restored(
        identity=identity,
        kept=None,
        since=last.recorded_at,
        head=head,
        receipts_from=receipts_from,
        guessed=known is None and request.receipts_from is None,
        sessions_ended=sessions,
        wider_rights=tuple(wider_rights) if newer else None,
    )


def _wider_rights(unit: Unit, newer: _Replaced) -> list[str]:
    before = {email for email in newer.wider_rights if email in newer.contacts}
    return sorted(
        now.email
        for now in unit.contacts.all()
        if now.status != "disabled"
        and (was := newer.contacts.get(now.email))
        and (now.email in before or _may_more(now, was))
    )


def _may_more(now: Contact, was: Contact) -> bool:
    if was.status == "disabled" or (now.role is not was.role and now.role is not Role.CUSTOMER):
        return True
    more = set(now.customers) - set(was.customers)
    return now.role is was.role is Role.CUSTOMER and bool(more)


def _check_same(replaced: LedgerIdentity, identity: LedgerIdentity, request: Restore) -> None:
    if (replaced.id, replaced.mode) != (identity.id, identity.mode):
        raise Refused(
            "other_ledger",
            f"{request.backup} is of ledger {identity.id} ({identity.mode}), and {replaced.id} "
            f"({replaced.mode}) is in place",
            "Nothing was changed. Name a backup of this ledger, or say --other-ledger.",
        )


def _receipts_from(request: Restore, given: int, *, certain: bool) -> int:
    """`given`: the highest number that is known to have been given."""
    wanted = request.receipts_from
    if wanted is None:
        return given + 1 + (0 if certain else RECEIPTS_APART)
    if not given < wanted <= _MOST_RECEIPTS:
        raise Usage(
            "usage",
            f"receipts cannot go on from {wanted}: {given} have been given",
            f"Name a number above {given}.",
        )
    return wanted


@dataclass(frozen=True, slots=True)
class ShowRestore(Request[OpenRestore | None]):
    pass


def show_restore(request: ShowRestore, actor: Actor, ports: Ports) -> OpenRestore | None:
    """None where nothing waits."""
    with ports.ledger.read() as unit:
        return unit.restores.open()


@dataclass(frozen=True, slots=True)
class ConfirmRestore(Request[OpenRestore | None]):
    """What was received outside since the backup has been imported again."""


def confirm_restore(request: ConfirmRestore, actor: Actor, ports: Ports) -> OpenRestore | None:
    """What was confirmed, None where nothing waits for it. Raises Refused until `sync` has run to
    its end without an error, NotAllowed."""
    now = ports.clock.now()

    def confirm(unit: Unit) -> OpenRestore | None:
        require_login(unit, actor, "confirm a restore")
        restore = unit.restores.open()
        if restore is None:
            return None
        if restore.synced_at is None:
            raise Refused(
                "restored_not_confirmed",
                "`sync` has not run without an error since the backup was restored",
                "Run `invoicepay sync` until it exits 0, then confirm.",
            )
        unit.restores.confirm(now)
        since = {"since": restore.since.isoformat()}
        unit.journal.append(
            "restore.confirmed", unit.company.identity().id, actor.email, now, since
        )
        return restore

    return ports.ledger.transact(confirm)
