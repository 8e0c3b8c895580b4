"""Whether invoices may be paid now: no other payment holds them, their payer knows how the last
one ended, and their figures tie out. The quote asks this, and the claim again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

from invoicepay.billing.customer import EVERYTHING, Actor
from invoicepay.billing.errors import Refused
from invoicepay.billing.invoice import Invoice
from invoicepay.billing.money import Money
from invoicepay.billing.payment import Payment, PaymentStatus, sync_finds_out
from invoicepay.billing.ports import Unit
from invoicepay.operations.books.figures import check_figures
from invoicepay.operations.payments.protocol.place import check_placed


def check_payable(
    invoices: Sequence[Invoice], actor: Actor, unit: Unit, *, with_key: bool, allow_pending: bool
) -> None:
    """Raises DoesNotTie where a figure of these invoices is not the sum of its rows, and Refused:
    `in_flight` where a payment holds one of them, `not_placed` where a charge for one is not on it
    yet, `not_acknowledged` where `actor` has not been told of a charge.

    `allow_pending`: what is accepted, and acknowledged by its payer, does not stand in the way.
    `with_key`: the caller's key tells a repetition from a new payment, so nobody need be told.
    """
    by_number = {invoice.number: invoice for invoice in invoices}
    numbers = list(by_number)
    check_figures(numbers, unit, "nothing was charged")
    for payment in unit.payments.unsettled(EVERYTHING, numbers):
        if not (allow_pending and payment.status is PaymentStatus.PROCESSING):
            _refuse_held(payment, by_number, actor)
        if not unit.payments.is_acknowledged(payment, actor.email):
            if _is_own(payment, actor):
                raise _not_acknowledged(payment, by_number)
            _refuse_held(payment, by_number, actor)
    check_placed([invoice.number for invoice in invoices if invoice.payable_minor > 0], unit)
    if not with_key:
        for payment in unit.payments.not_acknowledged(numbers, actor.email):
            raise _not_acknowledged(payment, by_number)


def _is_own(payment: Payment, actor: Actor) -> bool:
    """Nobody knows who made a charge that the ledger has learnt of from the gateway."""
    return payment.initiated_by in (actor.email, "")


def _refuse_held(payment: Payment, invoices: Mapping[str, Invoice], actor: Actor) -> NoReturn:
    held = _held(payment, invoices)
    accepted = payment.status is PaymentStatus.PROCESSING
    see = f"ee `invoicepay payments show {payment.id}`"
    if not accepted:
        hint = f"Do not pay again; {sync_finds_out(payment)}; s{see}."
    elif any(invoice.payable_minor for invoice in held):
        hint = f"S{see}; what it leaves can be paid with --allow-pending, once its payer knows."
    else:
        hint = f"S{see}; `invoicepay sync` asks the bank."
    raise Refused(
        "in_flight",
        f"{_of(payment, invoices)} is under way ({payment.status})",
        hint,
        payment=payment.id,
        says_outcome=accepted and _is_own(payment, actor),
    )


def _not_acknowledged(payment: Payment, invoices: Mapping[str, Invoice]) -> Refused:
    how = "was accepted and is processing"
    if payment.status is PaymentStatus.SUCCEEDED:
        how = f"succeeded on {payment.effective_on}"
    return Refused(
        "not_acknowledged",
        f"{_of(payment, invoices)} {how}, and you have not been told before; nothing more was "
        "charged",
        "If you do want to pay again, repeat the command."
        if all(invoice.payable_minor for invoice in _held(payment, invoices))
        else f"See `invoicepay payments show {payment.id}`.",
        payment=payment.id,
        says_outcome=True,
    )


def _held(payment: Payment, invoices: Mapping[str, Invoice]) -> list[Invoice]:
    """Those of `invoices` that `payment` is for."""
    return [invoices[a.invoice] for a in payment.allocations if a.invoice in invoices]


def _of(payment: Payment, invoices: Mapping[str, Invoice]) -> str:
    numbers = [a.invoice for a in payment.allocations if a.invoice in invoices]
    more = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
    total = Money(payment.amount_minor, payment.currency)
    return f"payment {payment.id} of {total} for {numbers[0]}{more}"
