"""What was charged for invoices that were not payable when it was adopted, or not there."""

from __future__ import annotations

from datetime import datetime

from invoicepay.billing.customer import EVERYTHING
from invoicepay.billing.errors import Refused
from invoicepay.billing.money import Money
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
from invoicepay.billing.ports import Ports, Unit
from invoicepay.operations.payments.protocol.transition import reread


def place(ports: Ports) -> None:
    """Put adopted charges on the invoices that they were for, as far as these are payable now: the
    invoice has been imported or raised since, or what held it was released."""
    with ports.ledger.read() as unit:
        if not any(_room(*each, unit) for each in unit.payments.unplaced()):
            return
    now = ports.clock.now()

    def put_all(unit: Unit) -> None:
        for found, wanted in unit.payments.unplaced():
            payment = reread(found, unit)  # with what has just been put elsewhere
            amount = _room(payment, wanted, unit)
            if amount > 0:
                _put(payment, Allocation(wanted.invoice, amount), unit, now)

    ports.ledger.transact(put_all)


def check_placed(numbers: list[str], unit: Unit) -> None:
    """Raises Refused where a charge for one of these invoices is not on it yet: it would be paid
    twice."""
    for payment, wanted in unit.payments.unplaced(numbers):
        total = Money(payment.amount_minor, payment.currency)
        raise Refused(
            "not_placed",
            f"{wanted.invoice} was charged already: payment {payment.id} of {total} was recorded "
            "from the gateway before it could be put on it",
            "Nothing was charged now. Finance runs `invoicepay sync`, which puts it there.",
            payment=payment.id,
        )


def _room(payment: Payment, wanted: Allocation, unit: Unit) -> int:
    """How much of `wanted` can be put on its invoice now."""
    invoice = unit.invoices.get(wanted.invoice, EVERYTHING)
    assert invoice is not None, "the store gives only what has one"
    left = payment.amount_minor - payment.allocated_minor
    return max(min(wanted.amount_minor, invoice.payable_minor, left), 0)


def _put(payment: Payment, allocation: Allocation, unit: Unit, now: datetime) -> None:
    unit.payments.place(payment, allocation)
    unit.invoices.reserve([allocation])
    if payment.status is PaymentStatus.SUCCEEDED:
        assert payment.effective_on, "it has arrived"
        unit.invoices.apply([allocation], payment.effective_on)
    unit.journal.append(
        "payment.placed",
        payment.id,
        "sync",
        now,
        {"invoice": allocation.invoice, "amount_minor": allocation.amount_minor},
    )
