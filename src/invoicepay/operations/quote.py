"""Quote a payment: select, settle what is in the way, and say exactly what would be charged."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from invoicepay.billing.customer import Actor
from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import BadInput, NotFound, Refused, Usage, not_found
from invoicepay.billing.invoice import Invoice, InvoiceFilter, InvoiceState
from invoicepay.billing.method import Method, MethodType
from invoicepay.billing.money import Money, check_currency, parse_minor
from invoicepay.billing.payment import Payment
from invoicepay.billing.plan import (
    PaymentPlan,
    check_limits,
    check_method,
    digest,
    one_customer_and_currency,
    plan_lines,
)
from invoicepay.billing.ports import Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.check_customer import check_customer
from invoicepay.operations.protocol.claim import key_reused
from invoicepay.operations.protocol.settle import settle_if_left

SETTLING_TAKES_AT_MOST = timedelta(seconds=10)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_MEMO_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Quoted:
    """Either a plan to pay, or the payment that its key has made before."""

    plan: PaymentPlan | None
    existing: Payment | None = None


@dataclass(frozen=True, slots=True)
class Quote(Request[Quoted]):
    """What to pay. Either `numbers`, or a `state` (open or overdue) that selects.

    Amounts are text in major units as typed; `amounts` pairs a number with what to pay on it.
    `method`: `card`, `ach`, an id, or empty for the preferred one.
    """

    numbers: tuple[str, ...] = ()
    state: InvoiceState | None = None
    customer: str | None = None
    currency: str | None = None
    amounts: tuple[tuple[str, str], ...] = ()
    method: str = ""
    memo: str = ""
    key: str = ""
    expect_total: str = ""
    max_total: str = ""
    settle_first: bool = True
    """False changes nothing at all (--dry-run)."""


def quote(request: Quote, actor: Actor, ports: Ports) -> Quoted:
    """The plan for `request`. Raises NotFound, Refused or Usage for what cannot be paid."""
    _check_texts(request)
    payment_id, request_digest = _identity(request, actor, ports)
    if request.key:
        with ports.ledger.read() as unit:
            existing = unit.payments.get(payment_id, actor.scope)
        if existing is not None:
            if existing.request_digest != request_digest:
                raise key_reused()
            _check_total(existing.amount_minor, existing.currency, request)
            if request.settle_first:
                existing = settle_if_left(existing, ports)
            return Quoted(None, existing)
    with ports.ledger.read() as unit:
        invoices = _select(request, actor, unit, ports)
    if request.settle_first and any(i.reserved_minor for i in invoices):
        settle_what_holds([i.number for i in invoices], actor, ports)
    with ports.ledger.read() as unit:
        invoices = _select(request, actor, unit, ports)
        if request.state is not None:
            invoices = [i for i in invoices if i.payable_minor]
        if not invoices:
            raise NotFound("nothing_selected", "nothing is open to pay in this selection")
        customer, currency = one_customer_and_currency(invoices)
        method = _method(request.method, customer, actor, unit)
        check_method(method, currency, local_date(ports.clock.now(), unit.company.get().time_zone))
    plan = PaymentPlan(
        payment_id=payment_id,
        customer=customer,
        currency=currency,
        method=method,
        lines=plan_lines(invoices, _amounts(request, invoices)),
        request_digest=request_digest,
        memo=request.memo,
    )
    check_limits(plan.total_minor, currency)
    _check_total(plan.total_minor, currency, request)
    return Quoted(plan)


def settle_what_holds(numbers: Sequence[str], actor: Actor, ports: Ports) -> None:
    """Settle the payments under way that hold one of these invoices; after ten seconds no other
    is begun. What the gateway does not answer stays as it is, and refuses its own invoices."""
    deadline = ports.clock.real_now() + SETTLING_TAKES_AT_MOST
    with ports.ledger.read() as unit:
        holding = unit.payments.unsettled(actor.scope, numbers)
    for payment in holding:
        if ports.clock.real_now() >= deadline:
            return
        settle_if_left(payment, ports)


def _check_texts(request: Quote) -> None:
    if request.key and not _KEY.fullmatch(request.key):
        raise Usage("usage", "--key takes 1 to 200 visible ASCII characters")
    if len(request.memo) > _MEMO_LENGTH or not request.memo.isprintable():
        raise BadInput(
            "bad_text", f"a memo is one line of at most {_MEMO_LENGTH} printable characters"
        )


def _identity(request: Quote, actor: Actor, ports: Ports) -> tuple[str, str]:
    """The payment's id, and the digest of what was asked for. With a key the id follows from
    it, for this contact on this ledger; without one it is random."""
    with ports.ledger.read() as unit:
        ledger_id = unit.company.identity().id
    asked = digest(
        {
            "numbers": sorted(set(request.numbers)),
            "state": request.state,
            "customer": request.customer,
            "currency": request.currency,
            "amounts": sorted(request.amounts),
            "method": request.method,
            "memo": request.memo,
        }
    )
    if not request.key:
        return ports.ids.new(), asked
    return str(uuid.uuid5(uuid.UUID(ledger_id), f"{actor.contact_id}\n{request.key}")), asked


def _select(request: Quote, actor: Actor, unit: Unit, ports: Ports) -> list[Invoice]:
    check_customer(unit, request.customer, actor.scope)
    if request.state is not None:
        if request.numbers:
            raise Usage("usage", f"name invoices or say --{request.state}, not both")
        selection = InvoiceFilter(
            request.state,
            customer=request.customer,
            currency=request.currency and check_currency(request.currency),
        )
        today = local_date(ports.clock.now(), unit.company.get().time_zone)
        return list(unit.invoices.page(selection, actor.scope, today, totals=False).items)
    if not request.numbers:
        raise Usage("input_needed", "which invoices? Name them, or say --open or --overdue")
    invoices = []
    for number in dict.fromkeys(request.numbers):
        invoice = unit.invoices.get(number, actor.scope)
        if invoice is None or (request.customer and invoice.customer != request.customer):
            raise not_found("invoice", number)
        if request.currency and invoice.currency != check_currency(request.currency):
            raise Usage("ambiguous_selection", f"{number} is in {invoice.currency}")
        invoices.append(invoice)
    return invoices


def _method(wanted: str, customer: str, actor: Actor, unit: Unit) -> Method:
    methods = unit.methods.of_customer(customer, actor.scope)
    if wanted in (MethodType.CARD, MethodType.ACH):
        found = [m for m in methods if m.type == wanted and m.default]
        missing = f"{customer} has no default {'card' if wanted == 'card' else 'bank account'}"
    elif wanted:
        found = [m for m in methods if m.id == wanted]
        if not found:
            raise not_found("payment method", wanted)
    else:
        found = [m for m in methods if m.preferred]
        missing = f"{customer} has no default payment method"
    if not found:
        how = "Name one with --method; `invoicepay methods list` has ids."
        if not methods and not unit.company.identity().livemode:
            how = f"Give it one: `invoicepay sandbox attach pm_card_visa --customer {customer}`."
        raise Refused("method_unusable", missing, how)
    return found[0]


def _amounts(request: Quote, invoices: Sequence[Invoice]) -> dict[str, int]:
    by_number = {i.number: i for i in invoices}
    amounts: dict[str, int] = {}
    for number, text in request.amounts:
        if number not in by_number:
            raise Usage("usage", f"--amount names {number}, which is not being paid")
        if number in amounts:
            raise Usage("usage", f"--amount names {number} twice")
        amounts[number] = parse_minor(text, by_number[number].currency)
    return amounts


def _check_total(total_minor: int, currency: str, request: Quote) -> None:
    total = Money(total_minor, currency)
    if request.expect_total:
        expected = Money(parse_minor(request.expect_total, currency), currency)
        if expected != total:
            raise Refused("total_differs", f"the total is {total}, not the expected {expected}")
    if request.max_total:
        most = Money(parse_minor(request.max_total, currency), currency)
        if most < total:
            raise Refused("total_differs", f"the total is {total}, more than the {most} allowed")
