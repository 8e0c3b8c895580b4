"""Quote a payment: select, settle what is in the way, and say exactly what would be charged."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from invoicepay.billing.customer import Actor
from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import Refused, Usage, not_found
from invoicepay.billing.invoice import Invoice, InvoiceFilter, InvoiceState
from invoicepay.billing.method import Method, MethodType
from invoicepay.billing.money import Money, check_currency, parse_minor
from invoicepay.billing.payment import Payment
from invoicepay.billing.plan import (
    PaymentPlan,
    check_limits,
    check_method,
    digest,
    one_customer,
    one_customer_and_currency,
    plan_lines,
)
from invoicepay.billing.ports import Ports, Unit
from invoicepay.billing.spelling import find_spelling, normalized
from invoicepay.billing.text import check_text
from invoicepay.operations.app import Request
from invoicepay.operations.numbers import find_customer, find_invoice, selected_customer
from invoicepay.operations.payments.left_out import (
    LeftOut,
    leave_out,
    leave_out_amounts,
    nothing_left,
)
from invoicepay.operations.payments.protocol.claim import key_reused
from invoicepay.operations.payments.protocol.payable import check_payable
from invoicepay.operations.payments.protocol.restored import check_confirmed
from invoicepay.operations.payments.protocol.settle import settle_if_left

SETTLING_TAKES_AT_MOST = timedelta(seconds=10)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_AMOUNT = re.compile(r"[0-9]{1,19}(\.[0-9]{1,6})?")
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
    allow_pending: bool = False
    """Pay more of an invoice that accepted payments hold, where their payers know of them."""
    include_disputed: bool = False
    """A `state` selects disputed invoices, too. Those that are named are paid."""


def quote(request: Quote, actor: Actor, ports: Ports) -> Quoted:
    """The plan for `request`. Raises NotFound, Refused, DoesNotTie or Usage for what cannot be
    paid, BadInput for amounts and texts."""
    if request.key and not _KEY.fullmatch(request.key):
        raise Usage("usage", "--key takes 1 to 200 visible ASCII characters")
    payment_id, request_digest = ports.ids.new(), ""
    if request.key:
        attempt = _attempt(request, actor, ports)
        if isinstance(attempt, Payment):
            _check_total(attempt.amount_minor, attempt.currency, request)
            return Quoted(None, attempt)
        payment_id, request_digest = attempt
    # After the key: what a payment was made with stays its own, whatever is refused today.
    memo = check_text(request.memo, "the memo", longest=_MEMO_LENGTH)
    with ports.ledger.read() as unit:
        check_confirmed(unit)
        invoices = _select(request, actor, unit, ports)
    if request.settle_first and any(i.reserved_minor for i in invoices):
        settle_what_holds([i.number for i in invoices], actor, ports)
    with ports.ledger.read() as unit:
        invoices = _select(request, actor, unit, ports)
        left_out = LeftOut()
        if request.state is not None:
            invoices, left_out = leave_out(
                invoices,
                allow_pending=request.allow_pending,
                include_disputed=request.include_disputed,
            )
        if not invoices:
            raise nothing_left(left_out)
        customer, currency = one_customer_and_currency(invoices, named=bool(request.numbers))
        amounts = _amounts(request, invoices)
        if request.state is not None:
            invoices, left_out = leave_out_amounts(invoices, amounts, left_out)
            if not invoices:
                raise nothing_left(left_out)
        check_payable(
            invoices,
            actor,
            unit,
            with_key=bool(request.key),
            allow_pending=request.allow_pending,
        )
        lines = plan_lines(invoices, amounts)
        check_limits(lines, currency)
        method = _method(request.method, customer, actor, unit)
        check_method(method, currency, local_date(ports.clock.now(), unit.company.get().time_zone))
    plan = PaymentPlan(
        payment_id=payment_id,
        customer=customer,
        currency=currency,
        method=method,
        lines=lines,
        request_digest=request_digest,
        memo=memo,
        with_key=bool(request.key),
        allow_pending=request.allow_pending,
        **left_out.numbers(customer),
    )
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


def _attempt(request: Quote, actor: Actor, ports: Ports) -> Payment | tuple[str, str]:
    """The payment that the key stands for, or the id and request digest of the one to make for it.

    A key belongs to the ledger and a customer, whoever uses it. Each attempt under it is a payment
    of its own; there is another only where all before were given up before they could be charged.
    A copy of the ledger may have made attempts that this one does not count, and charged one.
    """
    with ports.ledger.read() as unit:
        ledger_id = unit.company.identity().id
        customer = _customer_of_key(request, actor, unit, ports)
        content = _content_digest(request, customer)
        name = f"{customer}\n{request.key}"
        key_id = str(uuid.uuid5(uuid.UUID(ledger_id), name))
        attempts = {p.id: p for p in unit.payments.with_key(key_id, actor.scope)}
        for attempt in itertools.count(1):
            free = str(uuid.uuid5(uuid.UUID(ledger_id), f"{name}\n{attempt}"))
            existing = unit.payments.get(free, actor.scope)
            if existing is None:
                break
            attempts[existing.id] = existing
        # Ledgers of earlier versions may have one invoice in each spelling of a number.
        spelled = {
            find_invoice(unit, number, actor.scope).number
            for number in request.numbers
            if not number.isascii()
        }
    request_digest = f"{key_id}:{content}"
    # Earlier versions wrote numbers and amounts as typed, and before, the content alone.
    typed = _content_digest(request, customer, as_typed=True)
    same = {request_digest, f"{key_id}:{typed}", content, typed}
    for payment in attempts.values():
        if payment.request_digest not in same:
            raise key_reused(payment)
        if not spelled <= {part.invoice for part in payment.allocations}:
            raise key_reused(payment)
        settled = settle_if_left(payment, ports) if request.settle_first else payment
        if not settled.given_up:
            return settled
    return free, request_digest


def _content_digest(request: Quote, customer: str, *, as_typed: bool = False) -> str:
    number = str if as_typed else normalized
    amount = str if as_typed else _one_spelling
    return digest(
        {
            "numbers": sorted(set(map(number, request.numbers))),
            "state": request.state,
            "customer": customer,
            "currency": request.currency and request.currency.upper(),
            "amounts": sorted((number(n), amount(a)) for n, a in request.amounts),
            "method": request.method,
            "memo": request.memo,
            "allow_pending": request.allow_pending,
            # Keys of earlier versions keep their meaning.
            **({"include_disputed": True} if request.include_disputed else {}),
        }
    )


def _one_spelling(amount: str) -> str:
    """Of `5`, `5.0` and `05.00`, which are one amount. What is none stays as it is, and is refused
    later: Decimal takes more than that, and exponents without end."""
    if not _AMOUNT.fullmatch(amount):
        return amount
    from decimal import Decimal

    return f"{Decimal(amount).normalize():f}"


def _customer_of_key(request: Quote, actor: Actor, unit: Unit, ports: Ports) -> str:
    """The customer whose key it is: named, of the named invoices whatever their status, or the
    contact's only one. Raises Usage where that is nobody, NotFound."""
    if request.customer is not None:
        return find_customer(unit, request.customer, actor.scope).number
    if request.numbers:
        return one_customer(_select(request, actor, unit, ports), named=True)
    if actor.scope.customers is not None and len(actor.scope.customers) == 1:
        return next(iter(actor.scope.customers))
    raise Usage(
        "input_needed",
        "a key is for one customer, and it is not clear which",
        "Say it with --customer; `invoicepay customers list` has them.",
    )


def _select(request: Quote, actor: Actor, unit: Unit, ports: Ports) -> list[Invoice]:
    customer = selected_customer(unit, request.customer, actor.scope)
    currency = None if request.currency is None else check_currency(request.currency)
    if request.state is not None:
        if request.numbers:
            raise Usage("usage", f"name invoices or say --{request.state}, not both")
        selection = InvoiceFilter(request.state, customer=customer, currency=currency)
        today = local_date(ports.clock.now(), unit.company.get().time_zone)
        return list(unit.invoices.page(selection, actor.scope, today, totals=False).items)
    if not request.numbers:
        raise Usage("input_needed", "which invoices? Name them, or say --open or --overdue")
    invoices: dict[str, Invoice] = {}
    for text in request.numbers:
        invoice = find_invoice(unit, text, actor.scope)
        if customer and invoice.customer != customer:
            raise not_found("invoice", text)
        if currency and invoice.currency != currency:
            raise Usage(
                "ambiguous_selection",
                f"{text} is in {invoice.currency}",
                f"Leave it out, or say --currency {invoice.currency}.",
            )
        invoices[invoice.number] = invoice
    return list(invoices.values())


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
        raise Refused("method_unusable", missing, _other_method(wanted, customer, methods, unit))
    return found[0]


def _other_method(wanted: str, customer: str, methods: Sequence[Method], unit: Unit) -> str:
    """What to do without a default of the type `wanted` (empty: of any)."""
    if any(wanted in ("", method.type) for method in methods):
        return "Name one with --method; `invoicepay methods list` has ids."
    if not unit.company.identity().livemode:
        token = "pm_usBankAccount_success" if wanted == MethodType.ACH else "pm_card_visa"
        return f"Give it one: `invoicepay sandbox attach {token} --customer {customer}`."
    if methods:
        return "Name another with --method; `invoicepay methods list` has ids."
    return "Nothing here can add one to a live ledger yet."


def _amounts(request: Quote, invoices: Sequence[Invoice]) -> dict[str, int]:
    by_number = {i.number: i for i in invoices}
    amounts: dict[str, int] = {}
    for typed, text in request.amounts:
        number = find_spelling(typed, by_number)
        if number is None:
            raise Usage("usage", f"--amount names {typed}, which is not being paid")
        if number in amounts:
            raise Usage("usage", f"--amount names {number} twice")
        amounts[number] = parse_minor(text, by_number[number].currency)
    return amounts


def _check_total(total_minor: int, currency: str, request: Quote) -> None:
    total = Money(total_minor, currency)
    if request.expect_total:
        expected = Money(parse_minor(request.expect_total, currency), currency)
        if expected != total:
            raise Refused(
                "total_differs",
                f"the total is {total}, not the expected {expected}",
                "See what it is made of with --dry-run instead of --expect-total.",
            )
    if request.max_total:
        most = Money(parse_minor(request.max_total, currency), currency)
        if most < total:
            raise Refused(
                "total_differs",
                f"the total is {total}, more than the {most} allowed",
                "See what it is made of with --dry-run instead of --max-total.",
            )
