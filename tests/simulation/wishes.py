"""What payers want, and what they were told: a history to hold against the bank's record.

Whoever wants one payment, and tries again only while not told how it ended, is charged once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus
from tests.simulation.world import Broken, World

_AT_THE_BANK = (IntentStatus.SUCCEEDED, IntentStatus.PROCESSING)


@dataclass(frozen=True)
class Wish:
    """One payment of `amount_minor` on an invoice. No other wish, and nobody else, pays as much, so
    that each charge tells whose it is."""

    contact: str
    invoice: str
    amount_minor: int

    def is_of(self, paid: Payment | Intent) -> bool:
        return [(a.invoice, a.amount_minor) for a in paid.allocations] == [
            (self.invoice, self.amount_minor)
        ]


@dataclass(frozen=True)
class Told:
    """That `payment_id` is in a state, or, without one, that nothing was charged."""

    contact: str
    payment_id: str
    status: PaymentStatus | None


@dataclass
class History:
    """Of what each contact was told, in order, and of what they want."""

    wishes: list[Wish] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def tell(self, contact: str, payment_id: str, status: PaymentStatus | None) -> None:
        self.told.append(Told(contact, payment_id, status))

    def fulfilled(self, wish: Wish, payments: dict[str, Payment]) -> bool:
        """Whether its contact was told that it was accepted or succeeded."""
        return any(
            told.contact == wish.contact
            and told.status in (PaymentStatus.PROCESSING, PaymentStatus.SUCCEEDED)
            and told.payment_id in payments
            and wish.is_of(payments[told.payment_id])
            for told in self.told
        )

    def check(self, world: World) -> None:
        """Raises Broken where the bank's record is not what payers want, or were told."""
        intents = world.gateway.found.values()
        for wish in self.wishes:
            charged = [i for i in intents if wish.is_of(i) and i.status in _AT_THE_BANK]
            if len(charged) > 1:
                raise Broken("who wants one payment is charged twice", f"{wish} {charged}")

    def check_told(self, world: World) -> None:
        """Once everything has come to rest: what was said to be final is."""
        by_payment: dict[str, list[Intent]] = {}
        for intent in world.gateway.found.values():
            by_payment.setdefault(intent.payment_id, []).append(intent)
        for told, intents in self._ends(by_payment):
            charged = [i for i in intents if i.status is IntentStatus.SUCCEEDED]
            if bool(charged) is not (told.status is PaymentStatus.SUCCEEDED):
                raise Broken("what a payer was told did not stay so", f"{told} {intents}")

    def _ends(self, intents: dict[str, list[Intent]]) -> Iterator[tuple[Told, list[Intent]]]:
        for told in self.told:
            if told.status in (
                PaymentStatus.SUCCEEDED,
                PaymentStatus.FAILED,
                PaymentStatus.CANCELED,
            ):
                yield told, intents.get(told.payment_id, [])
