"""What the ledger says was charged, compared with what the gateway says. Changes nothing.

The other way round, what the gateway has and the ledger does not, is in `reconcile.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from invoicepay.billing.errors import InvoicepayError, Unreachable
from invoicepay.billing.journal import Difference
from invoicepay.billing.money import Money
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import (
    ChargedPayment,
    Intent,
    IntentStatus,
    NoAnswer,
    Ports,
    Rejected,
    Unreadable,
    UnreadableIntent,
)
from invoicepay.operations.payments.protocol.gateway_trouble import unreachable
from invoicepay.operations.payments.protocol.reconcile import AnyIntent

BATCH = 5_000
"""Payments that are held in memory at a time."""
PER_PAGE = 100
"""Intents that a call lists; one that is asked for by itself takes a call, too."""
CLOCKS_DIFFER = timedelta(hours=1)
"""Between here, where a payment is made, and the gateway, where its intent is."""
_NEXT_SECOND = timedelta(seconds=1)
"""The gateway's times are whole seconds."""
MOST_SHOWN = 100
"""After so many differences no more are looked for."""
NOT_CHANGED = "Nothing was changed; run it again later."
_MODES = {True: "live", False: "test"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it: how many payments were looked at, and the first of what differs."""

    count: int
    differences: tuple[Difference, ...]
    unreadable: tuple[UnreadableIntent, ...]
    error: InvoicepayError | None
    """Why not all of them could be."""
    done_until: int
    """The journal's entry up to which each that it put so is as the gateway has it; 0 where all
    were looked at, whenever they changed."""

    @property
    def said(self) -> str:
        """How much differs, for people."""
        stopped = self.error is not None or len(self.differences) >= MOST_SHOWN
        at_least = "at least " if stopped else ""
        return f"{at_least}{len(self.differences)} difference(s) from what the gateway has"


def compare_changed(known: Iterable[AnyIntent], ports: Ports) -> Comparison:
    """Compare the payments that became succeeded or processing since the last look. `known`:
    intents that the caller has just listed, for which the gateway is not asked again."""
    run, known = _Run(ports), list(known)
    with ports.ledger.read() as unit:
        after = unit.comparison.done_until()
    while not run.ended:
        with ports.ledger.read() as unit:
            batch = unit.comparison.changed(after, BATCH)
            head = unit.journal.head()
        if not batch:
            after = head.seq if head else after
            break
        after = batch[-1].entry
        left = run.begin(batch)
        run.look_in(known, left)
        run.ask_for(left)
    return run.result(min([after, *(entry - 1 for entry in run.held)]))


def compare_all(
    seen: Callable[[Iterator[AnyIntent]], Iterator[AnyIntent]], ports: Ports
) -> Comparison:
    """Compare every payment. All intents of the ledger are listed for it, and pass through `seen`
    on their way, each once."""
    run = _Run(ports)
    after, since = 0, None
    more = True
    while more and not run.ended:
        with ports.ledger.read() as unit:
            batch = unit.comparison.all(after, BATCH)
        more = len(batch) == BATCH
        # Bounded in time as in number; the last has all that is left.
        until = max(charge.created_at for charge in batch) if more else None
        if since and until:  # or a clock was set back
            until = max(since, until)
        left = run.begin(batch)
        run.look_between(since, until, left, seen)
        run.ask_for(left)
        after = batch[-1].seq if more else after
        since = until and until + _NEXT_SECOND
    return run.result(0)


@dataclass
class _Run:
    """One comparison, and what it has found so far."""

    ports: Ports
    count: int = 0
    differences: list[Difference] = field(default_factory=list)
    unreadable: list[UnreadableIntent] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    """The journal's entries of payments that have to be looked at again."""
    error: InvoicepayError | None = None

    @property
    def ended(self) -> bool:
        return self.error is not None or len(self.differences) >= MOST_SHOWN

    def result(self, done_until: int) -> Comparison:
        return Comparison(
            self.count,
            tuple(self.differences),
            tuple(self.unreadable),
            self.error,
            done_until,
        )

    def begin(self, batch: Iterable[ChargedPayment]) -> dict[str, ChargedPayment]:
        """Those that have an intent, by its id."""
        left: dict[str, ChargedPayment] = {}
        for charge in batch:
            self.count += 1
            if charge.gateway_id:
                left[charge.gateway_id] = charge
            else:
                self.differences.append(_absent(charge, "since it names no charge"))
                self.held.append(charge.entry)
        return left

    def look_in(self, intents: Iterable[AnyIntent], left: dict[str, ChargedPayment]) -> None:
        """Take out of `left` what is as one of the intents says. What differs may have moved on
        since they were listed."""
        for intent in intents:
            charge = left.get(intent.id)
            if charge and isinstance(intent, Intent) and not _compare(charge, intent, self.ports):
                del left[intent.id]

    def look_between(
        self,
        since: datetime | None,
        until: datetime | None,
        left: dict[str, ChargedPayment],
        seen: Callable[[Iterator[AnyIntent]], Iterator[AnyIntent]] = lambda intents: intents,
    ) -> None:
        """The same with the gateway's list of that time."""
        with self.ports.ledger.read() as unit:
            ledger_id = unit.company.identity().id
        try:
            intents = self.ports.gateway.intents(ledger_id, since=since, until=until)
            self.look_in(seen(intents), left)
        except (NoAnswer, Rejected) as error:
            self.error = unreachable(error, NOT_CHANGED)

    def ask_for(self, left: dict[str, ChargedPayment]) -> None:
        """Ask the gateway about what is left, in as few calls as that takes, and take out what is
        as it says. The rest has to be looked at again."""
        if self._is_shorter_as_list(left):
            times = [charge.created_at for charge in left.values()]
            self.look_between(min(times) - CLOCKS_DIFFER, max(times) + CLOCKS_DIFFER, left)
        for charge in list(left.values()):
            if self.ended:
                break
            try:
                if self._agrees(charge):
                    del left[charge.gateway_id]
            except (NoAnswer, Rejected) as error:
                self.error = unreachable(error, NOT_CHANGED)
        self.held += [charge.entry for charge in left.values()]

    def _is_shorter_as_list(self, left: Mapping[str, ChargedPayment]) -> bool:
        seqs = [charge.seq for charge in left.values()]
        if not seqs or self.ended:
            return False
        with self.ports.ledger.read() as unit:
            between = unit.comparison.charges_between(min(seqs), max(seqs))
        return 1 + between // PER_PAGE < len(seqs)

    def _agrees(self, charge: ChargedPayment) -> bool:
        """Whether the gateway, asked for it, has it so. Raises NoAnswer, Rejected."""
        try:
            intent = self.ports.gateway.retrieve(charge.gateway_id)
        except Unreadable as error:
            self.unreadable.append(error.intent)
            return False
        except Rejected as refusal:
            if refusal.code != "resource_missing":
                raise
            found = [_absent(charge, f"since the gateway has no {charge.gateway_id}")]
        except Unreachable:  # of the other mode
            found = [_mode(charge, not self.ports.gateway.livemode)]
        else:
            found = _compare(charge, intent, self.ports)
        self.differences += found
        return not found


def _compare(charge: ChargedPayment, intent: Intent, ports: Ports) -> list[Difference]:
    """What `charge` is and `intent` says otherwise. A payment that is processing may have ended
    at the gateway; settling it is no difference."""
    found = []
    here, there = (Money(i.amount_minor, i.currency) for i in (charge, intent))
    if here != there:
        found.append(_difference("amount", charge, str(here), str(there)))
    ended = charge.status is PaymentStatus.SUCCEEDED
    if ended and intent.status is not IntentStatus.SUCCEEDED:
        found.append(_difference("status", charge, charge.status, intent.status))
    if charge.livemode is not intent.livemode:
        found.append(_mode(charge, intent.livemode))
    customer = _customer(charge, intent, ports)
    if customer != charge.customer:
        found.append(_difference("customer", charge, charge.customer, customer))
    return found


def _customer(charge: ChargedPayment, intent: Intent, ports: Ports) -> str:
    """Whose the intent is: our number, or the gateway's id of somebody whom we do not know. A
    customer may have had another id there before the ledger was restored or copied."""
    if not intent.customer:
        return intent.customer_number or charge.customer
    if intent.customer == charge.gateway_customer:
        return charge.customer
    with ports.ledger.read() as unit:
        known = unit.customers.by_gateway_id(intent.customer)
    return known.number if known else intent.customer_number or intent.customer


def _difference(what: str, charge: ChargedPayment, here: str, there: str) -> Difference:
    there = f"{there} as the gateway's {charge.gateway_id} has it"
    return Difference(f"{what} of payment {charge.id}", there, here)


def _mode(charge: ChargedPayment, livemode: bool) -> Difference:
    return _difference("mode", charge, _MODES[charge.livemode], _MODES[livemode])


def _absent(charge: ChargedPayment, why: str) -> Difference:
    return Difference(f"status of payment {charge.id}", f"absent, {why}", charge.status)
