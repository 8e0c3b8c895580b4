"""Results as records for JSON and CSV: names, order and types are a contract."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from invoicepay.billing.customer import emails_text
from invoicepay.billing.money import plain_text

if TYPE_CHECKING:
    from invoicepay.billing.customer import Company, Customer
    from invoicepay.billing.invoice import Invoice, InvoiceDetail
    from invoicepay.billing.method import Method
    from invoicepay.billing.payment import Allocation, Payment
    from invoicepay.billing.ports import OutboxMail


INVOICE_FIELDS = (
    "number", "kind", "status", "customer", "customer_name", "issued_on", "due_on",
    "days_overdue", "currency", "total_minor", "total", "paid_minor", "paid", "processing_minor",
    "pending_minor", "pending", "balance_minor", "balance", "payable_minor", "payable", "po_number",
    "order_number", "memo", "disputed", "paid_on",
)  # fmt: skip
PAYMENT_FIELDS = (
    "id", "status", "customer", "method", "method_type", "method_label", "currency",
    "amount_minor", "amount", "refunded_minor", "refunded", "disputed", "unapplied_minor",
    "unapplied", "order_number",
    "created_at", "settled_at", "effective_on", "gateway_id", "reference", "receipt_number",
    "failure_code", "failure_message", "memo", "initiated_by", "livemode", "allocations",
    "reversals",
)  # fmt: skip
METHOD_FIELDS = (
    "id", "type", "label", "brand", "last4", "expires", "status", "default", "preferred",
    "customer",
)  # fmt: skip
# `email` has all addresses, as files of customers do.
CUSTOMER_FIELDS = ("number", "name", "email", "address", "currency", "terms_days")
MAIL_FIELDS = (
    "id", "kind", "status", "payment", "to", "created_at", "attempts", "next_try_at", "sent_at",
    "discarded_at", "last_error",
)  # fmt: skip


def invoice_record(invoice: Invoice, today: date) -> dict[str, Any]:
    return {
        "number": invoice.number,
        "kind": invoice.kind.value,
        "status": invoice.status.value,
        "customer": invoice.customer,
        "customer_name": invoice.customer_name,
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "days_overdue": invoice.days_overdue(today),
        "currency": invoice.currency,
        **amounts(
            invoice.currency,
            total=invoice.total_minor,
            paid=invoice.paid_minor,
        ),
        "processing_minor": invoice.reserved_minor,  # what pending_minor was called first
        **amounts(
            invoice.currency,
            pending=invoice.reserved_minor,
            balance=invoice.balance_minor,
            payable=invoice.payable_minor,
        ),
        "po_number": invoice.po_number,
        "order_number": invoice.order_number,
        "memo": invoice.memo,
        "disputed": invoice.disputed,
        "paid_on": day(invoice.paid_on),
    }


def invoice_detail_record(detail: InvoiceDetail, today: date) -> dict[str, Any]:
    currency = detail.invoice.currency
    return invoice_record(detail.invoice, today) | {
        **amounts(currency, tax=detail.invoice.tax_minor),
        "bill_to": list(detail.bill_to.lines),
        "lines": [
            {
                "description": line.description,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                **amounts(currency, amount=line.amount_minor, tax=line.tax_minor),
                "tax_rate": line.tax_rate,
            }
            for line in detail.lines
        ],
        "payments": [
            {
                "id": payment.payment_id,
                "status": payment.status,
                "method_label": payment.method_label,
                "paid_on": payment.paid_on.isoformat(),
                **amounts(currency, amount=payment.amount_minor),
            }
            for payment in detail.payments
        ],
    }


def payment_record(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.id,
        "status": payment.status.value,
        "customer": payment.customer,
        "method": payment.method_id,
        "method_type": payment.method_type.value,
        "method_label": payment.method_label,
        "currency": payment.currency,
        **amounts(payment.currency, amount=payment.amount_minor, refunded=payment.refunded_minor),
        "disputed": payment.disputed,
        **amounts(payment.currency, unapplied=payment.unapplied_minor),
        "order_number": payment.order_number,
        "created_at": instant(payment.created_at),
        "settled_at": instant(payment.settled_at),
        "effective_on": day(payment.effective_on),
        "gateway_id": payment.gateway_id,
        "reference": payment.reference,
        "receipt_number": payment.receipt_number,
        "failure_code": payment.failure_code,
        "failure_message": payment.failure_message,
        "memo": payment.memo,
        "initiated_by": payment.initiated_by,
        "livemode": payment.livemode,
        "allocations": [allocation_record(a, payment.currency) for a in payment.allocations],
        "reversals": [
            {
                "kind": r.kind.value,
                **amounts(payment.currency, amount=r.amount_minor),
                "effective_on": r.effective_on.isoformat(),
                "reason": r.reason,
            }
            for r in payment.reversals
        ],
    }


def method_record(method: Method, today: date) -> dict[str, Any]:
    return {
        "id": method.id,
        "type": method.type.value,
        "label": method.label,
        "brand": method.brand,
        "last4": method.last4,
        "expires": method.expires,
        "status": method.status(today).value,
        "default": method.default,
        "preferred": method.preferred,
        "customer": method.customer,
    }


def customer_record(customer: Customer) -> dict[str, Any]:
    return {
        "number": customer.number,
        "name": customer.name,
        "email": emails_text(customer.emails),
        "address": list(customer.address.lines),
        "currency": customer.currency,
        "terms_days": customer.terms_days,
    }


def mail_record(mail: OutboxMail) -> dict[str, Any]:
    return {
        "id": mail.message_id,
        "kind": mail.kind.value,
        "status": mail.status.value,
        "payment": mail.payment_id,
        "to": mail.to,
        "created_at": instant(mail.created_at),
        "attempts": mail.attempts,
        "next_try_at": instant(mail.due_at) if mail.owed else None,
        "sent_at": instant(mail.sent_at),
        "discarded_at": instant(mail.discarded_at),
        "last_error": mail.last_error,
    }


def company_record(company: Company) -> dict[str, Any]:
    return {
        "name": company.name,
        "address": list(company.address.lines),
        "email": company.email,
        "phone": company.phone,
        "website": company.website,
        "tax_id": company.tax_id,
        "time_zone": company.time_zone,
        "currency": company.currency,
        "terms": company.terms,
        "remit_to": company.remit_to,
        "logo": bool(company.logo),
    }


def allocation_record(allocation: Allocation, currency: str) -> dict[str, Any]:
    return {"invoice": allocation.invoice, **amounts(currency, amount=allocation.amount_minor)}


def amounts(currency: str, **minor: int) -> dict[str, Any]:
    """Each amount twice: in minor units, and as decimal text in major units."""
    record: dict[str, Any] = {}
    for name, value in minor.items():
        record |= {f"{name}_minor": value, name: plain_text(value, currency)}
    return record


def day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def instant(value: datetime | None) -> str | None:
    """ISO 8601, UTC, to the second."""
    if value is None:
        return None
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
