"""What payers want, and what they were told: a history to hold against the bank's record.

Whoever wants one payment, and tries again only while not told how it ended, is charged once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from invoicepay.billing.payment import FINAL, Payment, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus
from invoicepay.operations.payments.quote import Quote
from tests.proofs.simulation.world import Broken, World

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
    """That a payment is in a state. `intent_id`: its intent at the gateway."""

    contact: str
    payment_id: str
    status: PaymentStatus
    intent_id: str = ""


@dataclass
class History:
    """Of what each contact was told, in order, and of what they want."""

    wishes: list[Wish] = field(default_factory=list)
    keyed: dict[Wish, Quote] = field(default_factory=dict)
    """What is asked for with a key of its own."""
    told: list[Told] = field(default_factory=list)

    def tell(self, contact: str, payment: Payment) -> None:
        self.told.append(Told(contact, payment.id, payment.status, payment.gateway_id))

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
        for told in self.told:
            if told.status not in FINAL:
                continue
            intent = world.gateway.found.get(told.intent_id)
            charged = intent is not None and intent.status is IntentStatus.SUCCEEDED
            if charged is not (told.status is PaymentStatus.SUCCEEDED):
                raise Broken("what a payer was told did not stay so", f"{told} {intent}")
