"""What a receipt shows, gathered from the ledger."""

from __future__ import annotations

from dataclasses import replace

from invoicepay.billing.customer import EVERYTHING
from invoicepay.billing.errors import must_be_there
from invoicepay.billing.invoice import Invoice, InvoiceDetail
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import Receipt, Unit


def receipt_of(unit: Unit, payment: Payment) -> Receipt:
    """The receipt of `payment`. The caller has checked that the reader may see the payment.

    Invoices are as they stood after this payment: what arrived later is left out again, so that
    a receipt made next year says what today's says, unless money with an earlier day has been
    recorded since.
    """
    customer = must_be_there(
        unit.customers.get(payment.customer, EVERYTHING),
        f"{payment.customer}, whose payment {payment.id} is,",
    )
    details = [
        must_be_there(
            unit.invoices.detail(a.invoice, EVERYTHING),
            f"{a.invoice}, which payment {payment.id} names,",
        )
        for a in payment.allocations
    ]
    invoices = tuple(_after(detail, payment) for detail in details)
    return Receipt(payment, unit.company.get(), customer, invoices)


def _after(detail: InvoiceDetail, payment: Payment) -> Invoice:
    invoice = detail.invoice
    if payment.status is not PaymentStatus.SUCCEEDED:
        return invoice
    # By the day it counts, and on one day in the order they were made.
    received = [
        (p.paid_on, position, p)
        for position, p in enumerate(detail.payments)
        if p.status == PaymentStatus.SUCCEEDED
    ]
    own = [(day, position) for day, position, p in received if p.payment_id == payment.id]
    if not own:
        return invoice
    later = sum(p.amount_minor for day, position, p in received if (day, position) > max(own))
    if later == 0:
        return invoice
    return replace(invoice, paid_minor=max(invoice.paid_minor - later, 0), paid_on=None)
