"""Payments, and plans before they are paid, as JSON, CSV, a table and on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from invoicepay.billing.errors import Declined, OutcomeUnknown, Refused
from invoicepay.billing.money import Money, grouped_text
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus, Reversal, sync_finds_out
from invoicepay.billing.plan import PAY_OUTSIDE, PaymentPlan, PlanLine
from invoicepay.cli.layout import Column
from invoicepay.cli.output import Output
from invoicepay.cli.records import Amount, Field, Nested, Record, day, instant
from invoicepay.cli.show.invoices import pending
from invoicepay.cli.state import State
from invoicepay.cli.text import SHORT, clean
from invoicepay.cli.times import day_text, time_text

DRY_RUN = "Dry run: nothing was changed."


_ALLOCATION = Record[Allocation](
    Field("invoice", lambda a: a.invoice), Amount("amount", lambda a: a.amount_minor)
)
_REVERSAL = Record[Reversal](
    Field("kind", lambda r: r.kind.value),
    Amount("amount", lambda r: r.amount_minor),
    Field("effective_on", lambda r: r.effective_on.isoformat()),
    Field("reason", lambda r: r.reason),
)
PAYMENT = Record[Payment](
    Field("id", lambda p: p.id),
    Field("status", lambda p: p.status.value),
    Field("customer", lambda p: p.customer),
    Field("method", lambda p: p.method_id),
    Field("method_type", lambda p: p.method_type.value),
    Field("method_label", lambda p: p.method_label),
    Field("currency", lambda p: p.currency),
    Amount("amount", lambda p: p.amount_minor),
    Amount("refunded", lambda p: p.refunded_minor),
    Field("disputed", lambda p: p.disputed),
    Amount("unapplied", lambda p: p.unapplied_minor),
    Field("order_number", lambda p: p.order_number),
    Field("created_at", lambda p: instant(p.created_at)),
    Field("settled_at", lambda p: instant(p.settled_at)),
    Field("effective_on", lambda p: day(p.effective_on)),
    Field("gateway_id", lambda p: p.gateway_id),
    Field("reference", lambda p: p.reference),
    Field("receipt_number", lambda p: p.receipt_number),
    Field("failure_code", lambda p: p.failure_code),
    Field("failure_message", lambda p: p.failure_message),
    Field("memo", lambda p: p.memo),
    Field("initiated_by", lambda p: p.initiated_by),
    Field("livemode", lambda p: p.livemode),
    Nested("allocations", "allocation", lambda p: p.allocations, _ALLOCATION),
    Nested("reversals", "reversal", lambda p: p.reversals, _REVERSAL),
    currency=lambda p: p.currency,
)
PLAN = Record[PaymentPlan](
    Field("payment", lambda p: p.payment_id),
    Field("customer", lambda p: p.customer),
    Field("currency", lambda p: p.currency),
    Amount("total", lambda p: p.total_minor),
    Field("method", lambda p: p.method.id),
    Field("method_type", lambda p: p.method.type.value),
    Field("method_label", lambda p: p.method.name),
    Field("memo", lambda p: p.memo),
    Field("digest", lambda p: p.digest),
    Field("left_out", lambda p: list(p.left_out)),
    Field("left_out_disputed", lambda p: list(p.disputed)),
    Field("left_out_not_chargeable", lambda p: list(p.not_chargeable)),
    Field("too_fine_to_pay_later", lambda p: _numbers(p.too_fine_to_pay_later)),
    Field("too_small_to_pay_later", lambda p: _numbers(p.too_small_to_pay_later)),
    Nested("allocations", "allocation", lambda p: p.allocations, _ALLOCATION),
    currency=lambda p: p.currency,
)
STATUS_STYLE = {
    "succeeded": "green",
    "processing": "cyan",
    "failed": "red",
    "unknown": "yellow",
    "canceled": "dim",
}


def _numbers(lines: Sequence[PlanLine]) -> list[str]:
    return [line.invoice.number for line in lines]


def payment_columns(payments: Sequence[Payment], state: State) -> list[Column[Payment]]:
    def date_of(payment: Payment) -> str:
        received = payment.effective_on
        return received.isoformat() if received else day_text(payment.created_at, state)

    columns: list[Column[Payment]] = [
        Column("Payment", lambda p: p.id[:SHORT]),
        Column("Date", date_of),
        Column("Customer", lambda p: p.customer, gives_way=1),
        Column("Method", lambda p: p.method_label, gives_way=2),
        Column("Status", lambda p: p.status.value, style=lambda p: STATUS_STYLE.get(p.status, "")),
        Column("Invoices", _invoices, gives_way=3),
        Column("Amount", lambda p: grouped_text(p.amount_minor, p.currency), right=True),
        Column("", lambda p: p.currency),
    ]
    if len({p.customer for p in payments}) <= 1:
        del columns[2]
    return columns


def _invoices(payment: Payment) -> str:
    numbers = [a.invoice for a in payment.allocations]
    return ", ".join(numbers[:2]) + (f" +{len(numbers) - 2}" if len(numbers) > 2 else "")


def show_plan(plan: PaymentPlan, state: State) -> None:
    """What --dry-run answers."""
    state.out.one(PLAN(plan), lambda: print_plan(plan, state.out), PLAN)
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
    state.out.one(PAYMENT(payment), lambda: _print_payment(payment, state), PAYMENT)
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
