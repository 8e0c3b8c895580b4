"""Whether everything is as it should be: file, books, journal, gateway, outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from invoicepay.billing.customer import EVERYTHING, Actor
from invoicepay.billing.errors import InvoicepayError, Unreachable
from invoicepay.billing.journal import Difference, JournalCheck
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import (
    Intent,
    MailNotSent,
    NoAnswer,
    Ports,
    Rejected,
    UnreadableIntent,
)
from invoicepay.billing.spelling import telling_apart
from invoicepay.operations.app import Request
from invoicepay.operations.payments.protocol.account import check_account
from invoicepay.operations.payments.protocol.compare import (
    NOT_CHANGED,
    Comparison,
    compare_all,
    compare_changed,
)
from invoicepay.operations.payments.protocol.gateway_trouble import LOOK_IT_UP, unreachable
from invoicepay.operations.payments.protocol.reconcile import (
    AnyIntent,
    since_reconciled,
    unexplained,
)

STALE = timedelta(hours=1)
"""Unsent e-mail and payments with an unknown outcome are reported once they are older than this."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `detail` says what was found; `hint` what to do when it is not ok."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """`differences`: of the books; `journal`: what replaying it came to, None where it cannot be
    read; `comparison`: with the gateway, None where that does not answer."""

    checks: tuple[Check, ...]
    differences: tuple[Difference, ...]
    journal: JournalCheck | None
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class CheckHealth(Request[Health]):
    """`everything`: compares every payment with the gateway, which takes a call for a hundred;
    else those that changed since the last Sync."""

    everything: bool = False


def check_health(request: CheckHealth, actor: Actor, ports: Ports) -> Health:
    """Every check, failed ones included; nothing is raised for them and nothing is changed. One
    that cannot look says so, and the others go on."""
    differences: list[Difference] = []
    replayed: list[JournalCheck] = []
    compared: list[Comparison] = []
    checks = (
        check_file(ports),
        *_checked("books", lambda: [_books(ports, differences)]),
        *_checked("numbers", lambda: _numbers(ports)),
        *_checked("journal", lambda: [_journal(ports, replayed)]),
        *_checked("restored", lambda: _restored(ports)),
        *_checked("payments", lambda: [_payments(ports)]),
        *_checked("gateway", lambda: _gateway(request.everything, ports, compared)),
        *_checked("outbox", lambda: [_outbox(ports)]),
    )
    return Health(
        checks,
        tuple(differences),
        replayed[0] if replayed else None,
        compared[0] if compared else None,
    )


def check_file(ports: Ports) -> Check:
    """What the store itself finds wrong. Says nothing of anybody's, so that it can be looked at
    where the ledger cannot tell who asks."""
    (check,) = _checked("file", lambda: [_file(ports)])
    return check


def _checked(name: str, look: Callable[[], list[Check]]) -> list[Check]:
    try:
        return look()
    except InvoicepayError as error:
        return [Check(name, False, error.message, error.hint)]


def _file(ports: Ports) -> Check:
    wrong = ports.ledger.integrity()
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return Check(
        "file",
        not wrong,
        wrong[0] + more if wrong else "no damage found",
        "Let nobody pay; `invoicepay restore BACKUP` puts the last good backup in its place.",
    )


def _books(ports: Ports, found: list[Difference]) -> Check:
    with ports.ledger.read() as unit:
        found += unit.books.differences()
    said = f"{len(found)} figure(s) do not tie out" if found else "every figure ties out"
    return Check("books", not found, said, "See the lines below; do not edit the file.")


def _numbers(ports: Ports) -> list[Check]:
    """Numbers that look alike, where an earlier version imported such invoices."""
    with ports.ledger.read() as unit:
        found = unit.books.look_alikes()
    if not found:
        return []
    one, other = found[0][:2]
    said = (
        f"{len(found)} pair(s) of open invoices look alike: {one} has {telling_apart(one, other)}"
    )
    hint = (
        "Where that is one invoice twice, import the one that is not owed again, with its "
        "voided_on and --update; until then both can be paid."
    )
    return [Check("numbers", False, said, hint)]


def _journal(ports: Ports, found: list[JournalCheck]) -> Check:
    with ports.ledger.read() as unit:
        check = unit.journal.verify()
    found.append(check)
    if check.count:
        said = f"{check.count} thing(s) are not as it has them"
        return Check("journal", False, said, "See the lines below; do not edit the file.")
    return Check(
        "journal", True, f"{check.entries:,} entries, chain whole; {check.rows:,} rows as recorded"
    )


def _restored(ports: Ports) -> list[Check]:
    """Only where a restored backup waits to be confirmed."""
    with ports.ledger.read() as unit:
        restore = unit.restores.open()
    if restore is None:
        return []
    hint = "Run `invoicepay sync` until it exits 0."
    if restore.synced_at is not None:
        hint = "Import again what was received outside since, then `invoicepay restore --confirm`."
    said = f"from a backup of {restore.since:%Y-%m-%d %H:%M} UTC: nobody can pay"
    return [Check("restored", False, said, hint)]


def _payments(ports: Ports) -> Check:
    with ports.ledger.read() as unit:
        under_way = unit.payments.unsettled(EVERYTHING)
    now = ports.clock.now()
    unknown = [
        p
        for p in under_way
        if p.status is not PaymentStatus.PROCESSING and now - p.created_at > STALE
    ]
    return Check(
        "payments",
        not unknown,
        f"{len(under_way)} under way, {len(unknown)} without a known outcome for an hour",
        "Run `invoicepay sync`.",
    )


def _gateway(everything: bool, ports: Ports, compared: list[Comparison]) -> list[Check]:
    try:
        account = check_account(ports)
    except Unreachable as error:
        return [Check("gateway", False, error.message, error.hint)]
    except (NoAnswer, Rejected) as error:
        hint = getattr(error, "hint", "") or "Check the key and the network."
        return [Check("gateway", False, f"cannot be asked: {error}", hint)]
    with ports.ledger.read() as unit:
        mode = unit.company.identity().mode
    charges = _GatewayCharges(ports)
    if everything:
        comparison = compare_all(charges.looking_at, ports)
    else:
        comparison = _compare_changed(charges, ports)
    compared.append(comparison)
    return [
        Check("gateway", True, f"{account or 'its account'} answers ({mode})"),
        charges.check(comparison.error),
        _comparison(comparison, everything),
    ]


def _compare_changed(charges: _GatewayCharges, ports: Ports) -> Comparison:
    try:
        intents = list(charges.looking_at(iter(since_reconciled(ports))))
    except (NoAnswer, Rejected) as error:
        return Comparison(0, (), (), unreachable(error, NOT_CHANGED), 0)
    return compare_changed(intents, ports)


def _comparison(comparison: Comparison, everything: bool) -> Check:
    """Whether each payment that the ledger has as charged is so at the gateway."""
    if comparison.differences:
        return Check("comparison", False, comparison.said, "See the lines below.")
    if comparison.unreadable:
        return _unreadable("comparison", comparison.unreadable)
    if comparison.error:
        found = f"could not be gone on with: {comparison.error.message}"
        return Check("comparison", False, found, comparison.error.hint)
    of_them = "" if everything else " changed since the last sync"
    found = f"{comparison.count:,} payment(s){of_them}, each as the gateway has it"
    return Check("comparison", True, found)


def _unreadable(name: str, intents: tuple[UnreadableIntent, ...]) -> Check:
    return Check(name, False, "; ".join(map(str, intents[:3])), LOOK_IT_UP)


@dataclass
class _GatewayCharges:
    """The charges that the gateway has of this ledger, looked at as they are listed."""

    ports: Ports
    count: int = 0
    unknown: dict[str, Intent] = field(default_factory=dict)
    unreadable: dict[str, UnreadableIntent] = field(default_factory=dict)

    def looking_at(self, intents: Iterator[AnyIntent]) -> Iterator[AnyIntent]:
        while some := list(islice(intents, 1_000)):
            behind = unexplained(some, self.ports)
            self.count += len(some)
            self.unknown |= {i.id: i for i in (*behind.charged, *behind.unfinished)}
            for intent in (*behind.unreadable, *behind.pending):
                if isinstance(intent, UnreadableIntent):
                    self.unreadable[intent.id] = intent
            yield from some

    def check(self, error: InvoicepayError | None) -> Check:
        """Whether the ledger knows each of them."""
        if self.unreadable:
            return _unreadable("charges", tuple(self.unreadable.values()))
        if self.unknown:
            ids = ", ".join([*self.unknown][:3])
            found = f"{len(self.unknown)} at the gateway that this ledger does not know: {ids}"
            return Check("charges", False, found, "Run `invoicepay sync`.")
        if error:
            return Check("charges", False, f"could not all be listed: {error.message}", error.hint)
        return Check("charges", True, f"{self.count:,} looked at, each is known here")


def _outbox(ports: Ports) -> Check:
    """Whether e-mail is sent, and can be. Asks no mail server."""
    with ports.ledger.read() as unit:
        owed = unit.outbox.owed(EVERYTHING)
        sender = unit.company.get().email
    now = ports.clock.now()
    waiting = f"{len(owed)} e-mail(s) waiting"
    failing = [mail for mail in owed if mail.last_error]
    if failing:
        waiting += f", {len(failing)} of them failing: {failing[0].last_error}"
    try:
        ports.mailer.check(sender)
    except MailNotSent as problem:
        hint = (
            "Set the company's address with `invoicepay company set --email ADDRESS`, or `sender` "
            "under [smtp]; then `invoicepay mail send --now`."
        )
        return Check("outbox", False, f"{waiting}; none can be sent: {problem}", hint)
    except InvoicepayError as problem:  # the settings are not safe to use
        return Check("outbox", False, f"{waiting}; none can be sent: {problem}", problem.hint)
    if failing:
        hint = (
            "`invoicepay mail list` shows why; once that is mended, `invoicepay mail send --now`, "
            "or `invoicepay mail discard ID` for what can never arrive."
        )
        return Check("outbox", False, waiting, hint)
    late = any(now - mail.created_at > STALE for mail in owed)
    return Check("outbox", not late, waiting, "Run `invoicepay sync`, every few minutes by cron.")
