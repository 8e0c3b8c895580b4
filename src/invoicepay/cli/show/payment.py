"""A plan before it is paid, and a payment after."""

from __future__ import annotations

from typing import Any

from invoicepay.billing.errors import Declined, OutcomeUnknown, Refused
from invoicepay.billing.money import Money, grouped_text
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus, sync_finds_out
from invoicepay.billing.plan import PAY_OUTSIDE, PaymentPlan, PlanLine
from invoicepay.cli.layout import Column
from invoicepay.cli.output import Output
from invoicepay.cli.show.invoice import pending
from invoicepay.cli.show.records import allocation_record, amounts, payment_record
from invoicepay.cli.state import State
from invoicepay.cli.text import SHORT, clean
from invoicepay.cli.times import time_text

DRY_RUN = "Dry run: nothing was changed."


def show_plan(plan: PaymentPlan, state: State) -> None:
    """What --dry-run answers."""
    state.out.one(plan_record(plan), lambda: print_plan(plan, state.out))
    note_plan(plan, state.out)
    state.out.note(DRY_RUN)


def print_plan(plan: PaymentPlan, out: Output) -> None:
    """The itemised total that is asked about."""
    columns: list[Column[PlanLine]] = [
        Column("Invoice", lambda line: line.invoice.number),
        Column("Due", lambda line: line.invoice.due_on.isoformat(), gives_way=1),
        Column(
            "Balance", lambda line: grouped_text(line.invoice.balance_minor, plan.currency), True
        ),
        Column("Pending", lambda line: pending(line.invoice), True),
        Column("Pays", lambda line: grouped_text(line.amount_minor, plan.currency), True),
        Column("Leaves", lambda line: grouped_text(line.leaves_minor, plan.currency), True),
    ]
    out.table(plan.lines, columns)
    out.text()
    facts = {
        "Customer": f"{plan.lines[0].invoice.customer_name} ({plan.customer})",
        "Method": " · ".join(dict.fromkeys((plan.method.name, plan.method.label, plan.method.id))),
        "Memo": plan.memo,
        "Total": str(Money(plan.total_minor, plan.currency)),
    }
    out.facts(facts)


def note_plan(plan: PaymentPlan, out: Output) -> None:
    """Notes to read before answering: what was left out, and what would remain."""
    if plan.left_out:
        out.note(f"Left out, since payments under way hold them: {', '.join(plan.left_out)}.")
    if plan.disputed:
        out.note(
            f"Left out, since they are disputed: {', '.join(plan.disputed)}. "
            "Name them, or say --include-disputed, to pay them."
        )
    if plan.not_chargeable:
        out.note(
            "Left out, since their currency or amount cannot be charged: "
            f"{', '.join(plan.not_chargeable)}. {PAY_OUTSIDE}."
        )
    if paid := [line.invoice.number for line in plan.lines if line.invoice.disputed]:
        out.note(f"Among them disputed: {', '.join(paid)}.")
    for line in plan.too_small_to_pay_later:
        out.note(
            f"This leaves {Money(line.leaves_minor, plan.currency)} of {line.invoice.number}, less "
            "than can be charged by itself: pay it in full, or the rest with other invoices."
        )
    for line in plan.too_fine_to_pay_later:
        out.note(
            f"This leaves {Money(line.leaves_minor, plan.currency)} of {line.invoice.number}, more "
            f"decimals than can be charged. {PAY_OUTSIDE}."
        )


def plan_record(plan: PaymentPlan) -> dict[str, Any]:
    return {
        "payment": plan.payment_id,
        "customer": plan.customer,
        "currency": plan.currency,
        **amounts(plan.currency, total=plan.total_minor),
        "method": plan.method.id,
        "method_type": plan.method.type.value,
        "method_label": plan.method.name,
        "memo": plan.memo,
        "digest": plan.digest,
        "left_out": list(plan.left_out),
        "left_out_disputed": list(plan.disputed),
        "left_out_not_chargeable": list(plan.not_chargeable),
        "too_fine_to_pay_later": [line.invoice.number for line in plan.too_fine_to_pay_later],
        "too_small_to_pay_later": [line.invoice.number for line in plan.too_small_to_pay_later],
        "allocations": [allocation_record(a, plan.currency) for a in plan.allocations],
    }


HEADLINES = {
    PaymentStatus.SUCCEEDED: ("Payment received", "bold green"),
    PaymentStatus.PROCESSING: (
        "Payment initiated – the bank debit takes up to 4 business days",
        "bold cyan",
    ),
    PaymentStatus.FAILED: ("Payment failed – nothing was charged", "bold red"),
    PaymentStatus.CANCELED: ("Payment canceled – nothing was charged", "bold"),
    PaymentStatus.CLAIMED: ("Payment under way", "bold yellow"),
    PaymentStatus.SUBMITTED: ("Payment under way", "bold yellow"),
    PaymentStatus.UNKNOWN: (
        "Payment under way – the outcome is not known yet",
        "bold yellow",
    ),
}
"""What a status comes down to, and its rich style."""


def show_payment(payment: Payment, state: State) -> None:
    """The confirmation: worth printing for people, the record for scripts."""
    state.out.one(payment_record(payment), lambda: _print_payment(payment, state))
    if not payment.livemode and payment.gateway_id:
        state.banner()


def _print_payment(payment: Payment, state: State) -> None:
    out = state.out
    out.headline(*HEADLINES[payment.status])
    out.text()
    settled = payment.effective_on.isoformat() if payment.effective_on else ""
    facts = {
        "Payment": payment.id,
        "Receipt": payment.receipt_number,
        "Status": payment.status.value,
        "Amount": str(Money(payment.amount_minor, payment.currency)),
        "Unapplied": str(Money(payment.unapplied_minor, payment.currency))
        if payment.unapplied_minor
        else "",
        "Method": payment.method_label,
        "Customer": payment.customer,
        "Created": time_text(payment.created_at, state),
        "Received on": settled,
        "Reference": payment.gateway_id or payment.reference,
        "Reason": " ".join(filter(None, (payment.failure_message, f"({payment.failure_code})")))
        if payment.failure_code
        else payment.failure_message,
        "Memo": payment.memo,
    }
    out.facts(facts)
    if payment.allocations:
        out.text()
        columns: list[Column[Allocation]] = [
            Column("Invoice", lambda a: a.invoice),
            Column("Amount", lambda a: grouped_text(a.amount_minor, payment.currency), True),
        ]
        out.table(payment.allocations, columns)
    if payment.gateway_id and payment.status in (PaymentStatus.PROCESSING, PaymentStatus.SUCCEEDED):
        name = "receipt" if settled else "notice, a receipt once the money is here"
        out.note(f"The {name}: invoicepay payments receipt {payment.id[:SHORT]}")


def raise_for(payment: Payment, *, with_key: bool = False) -> None:
    """Raise what a payment's status means for a command's exit code; nothing for one that was
    accepted. `with_key`: it was asked for with a key, which stands for this payment."""
    total = Money(payment.amount_minor, payment.currency)
    new_key = " and a new --key" if with_key else ""
    if payment.status is PaymentStatus.FAILED:
        why = clean(payment.failure_message or payment.failure_code)
        raise Declined(
            "payment_declined",
            f"{payment.method_label} was declined: {why}",
            f"Nothing was charged. Pay with another method{new_key}: --method ID, see "
            "`invoicepay methods list`.",
            payment=payment.id,
            says_outcome=True,
        )
    if payment.status is PaymentStatus.CANCELED:
        again = "Pay again" if payment.given_up or not with_key else "Pay again with a new --key"
        raise Refused(
            "payment_canceled",
            f"payment {payment.id} was canceled: {clean(payment.failure_message)}",
            f"Nothing was charged. {again} if it is still wanted.",
            payment=payment.id,
            says_outcome=True,
        )
    if not payment.outcome_known:
        raise OutcomeUnknown(
            "outcome_unknown",
            f"it is not known yet whether {total} was charged (payment {payment.id})",
            f"Do not pay again; {sync_finds_out(payment)}.",
            payment=payment.id,
        )
