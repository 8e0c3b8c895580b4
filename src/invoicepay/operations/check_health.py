"""Whether everything is as it should be: file, books, journal, gateway, outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from invoicepay.billing.customer import EVERYTHING, Actor
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.journal import Difference, JournalCheck
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import NoAnswer, Ports, Rejected
from invoicepay.operations.app import Request
from invoicepay.operations.protocol.account import check_account
from invoicepay.operations.protocol.reconcile import (
    LOOK_IT_UP,
    since_reconciled,
    unexplained,
)

STALE = timedelta(hours=1)
"""After this, mail that is not sent and payments whose outcome is unknown are worth a line."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `detail` says what was found; `hint` what to do when it is not ok."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """`differences`: of the books; `journal`: what replaying it came to."""

    checks: tuple[Check, ...]
    differences: tuple[Difference, ...]
    journal: JournalCheck


@dataclass(frozen=True, slots=True)
class CheckHealth(Request[Health]):
    pass


def check_health(request: CheckHealth, actor: Actor, ports: Ports) -> Health:
    """Every check, failed ones included; nothing is raised for them and nothing is changed."""
    wrong = ports.ledger.integrity()
    with ports.ledger.read() as unit:
        differences = tuple(unit.books.differences())
        journal = unit.journal.verify()
        waiting = unit.outbox.waiting()
        under_way = unit.payments.unsettled(EVERYTHING)
    now = ports.clock.now()
    late = [m for m in waiting if now - m.created_at > STALE]
    unknown = [
        p
        for p in under_way
        if p.status is not PaymentStatus.PROCESSING and now - p.created_at > STALE
    ]
    books = (
        f"{len(differences)} figure(s) do not tie out" if differences else "every figure ties out"
    )
    return Health(
        (
            Check(
                "file",
                not wrong,
                wrong[0] if wrong else "no damage found",
                "Restore the last good backup.",
            ),
            Check("books", not differences, books, "See the lines below; do not edit the file."),
            _journal(journal),
            Check(
                "payments",
                not unknown,
                f"{len(under_way)} under way, {len(unknown)} without a known outcome for an hour",
                "Run `invoicepay sync`.",
            ),
            *_gateway(ports),
            Check(
                "outbox",
                not late,
                f"{len(waiting)} e-mail(s) waiting"
                + (f"; {late[0].last_error}" if late and late[0].last_error else ""),
                "Check the mail settings with `invoicepay config show`, then `invoicepay sync`.",
            ),
        ),
        differences,
        journal,
    )


def _journal(check: JournalCheck) -> Check:
    if check.count:
        found = f"{check.count} thing(s) are not as it has them"
        return Check("journal", False, found, "See the lines below; do not edit the file.")
    return Check(
        "journal", True, f"{check.entries:,} entries, chain whole; {check.rows:,} rows as recorded"
    )


def _gateway(ports: Ports) -> tuple[Check, ...]:
    try:
        account = check_account(ports)
    except Unreachable as error:
        return (Check("gateway", False, error.message, error.hint),)
    except (NoAnswer, Rejected) as error:
        hint = "Check the key and the network."
        return (Check("gateway", False, f"cannot be asked: {error}", hint),)
    with ports.ledger.read() as unit:
        mode = unit.company.identity().mode
    answers = Check("gateway", True, f"{account or 'its account'} answers ({mode})")
    return answers, _charges(ports)


def _charges(ports: Ports) -> Check:
    """That each charge which the gateway has of this ledger is known to it."""
    try:
        intents = since_reconciled(ports)
    except (NoAnswer, Rejected, Unreachable) as error:
        hint = "Run `invoicepay doctor` again later."
        return Check("charges", False, f"cannot be listed: {error}", hint)
    behind = unexplained(intents, ports)
    if behind.unreadable:
        return Check("charges", False, "; ".join(map(str, behind.unreadable[:3])), LOOK_IT_UP)
    unknown = (*behind.charged, *behind.unfinished)
    if unknown:
        ids = ", ".join(intent.id for intent in unknown[:3])
        found = f"{len(unknown)} at the gateway that this ledger does not know: {ids}"
        return Check("charges", False, found, "Run `invoicepay sync`.")
    return Check("charges", True, f"{len(intents)} looked at, each is known here")
