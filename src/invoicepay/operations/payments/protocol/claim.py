"""Step 1: reserve what will be paid, so that a second payer is told instead of charged."""

from __future__ import annotations

from datetime import datetime, timedelta

from invoicepay.billing.customer import EVERYTHING, Actor
from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import Refused, Usage, not_found
from invoicepay.billing.invoice import Invoice
from invoicepay.billing.method import Method
from invoicepay.billing.money import Money
from invoicepay.billing.payment import Payment, PaymentStatus, key_in
from invoicepay.billing.plan import PaymentPlan, PlanLine, check_limits, check_method, plan_lines
from invoicepay.billing.ports import Ports, Unit
from invoicepay.operations.identity.authenticate import reread_actor
from invoicepay.operations.payments.protocol.payable import check_payable
from invoicepay.operations.payments.protocol.restored import check_confirmed

LEASE = timedelta(minutes=2)
"""How long only its own payer works on a payment. Courtesy, not safety: compare-and-set and
cancel-before-release keep money right whoever comes when."""


def claim(plan: PaymentPlan, actor: Actor, ports: Ports) -> tuple[Payment, bool]:
    """The payment of `plan`, and whether it was claimed just now.

    The same plan again returns the payment it made; another plan under its id is refused, as is
    a plan whose invoices or method have changed since it was quoted. Raises Refused, NotFound,
    DoesNotTie.
    """
    now, lease_until = ports.clock.now(), ports.clock.real_now() + LEASE

    def reserve(unit: Unit) -> tuple[Payment, bool]:
        reread_actor(unit, actor)
        existing = _made_before(plan, actor, unit)
        if existing is not None:
            return existing, False
        check_confirmed(unit)
        method = _check_unchanged(plan, actor, unit, now)
        payment = Payment(
            id=plan.payment_id,
            status=PaymentStatus.CLAIMED,
            customer=plan.customer,
            currency=plan.currency,
            amount_minor=plan.total_minor,
            method_type=method.type,
            method_label=method.name,
            method_id=method.id,
            created_at=now,
            initiated_by=actor.email,
            livemode=unit.company.identity().livemode,
            allocations=plan.allocations,
            lease_until=lease_until,
            memo=plan.memo,
            request_digest=plan.request_digest,
            plan_digest=plan.digest,
        )
        unit.payments.add(payment)
        unit.invoices.reserve(payment.allocations)
        unit.journal.append(
            "payment.claimed",
            payment.id,
            actor.email,
            now,
            {
                "customer": payment.customer,
                "currency": payment.currency,
                "amount_minor": payment.amount_minor,
                "method": payment.method_id,
                "allocations": [[a.invoice, a.amount_minor] for a in payment.allocations],
            },
        )
        return payment, True

    return ports.ledger.transact(reserve)


def _made_before(plan: PaymentPlan, actor: Actor, unit: Unit) -> Payment | None:
    """The payment of this plan or, since the quote, of its key: made by another call, or by a copy
    of the ledger and adopted. Raises Refused where it is of something else."""
    found = unit.payments.get(plan.payment_id, EVERYTHING)
    if found is None and plan.with_key:
        attempts = unit.payments.with_key(key_in(plan.request_digest), EVERYTHING)
        found = next((attempt for attempt in attempts if not attempt.given_up), None)
    if found is None:
        return None
    if plan.with_key:
        same = found.request_digest == plan.request_digest
    else:
        same = found.plan_digest == plan.digest
    if not same or not actor.scope.has(found.customer):
        raise key_reused(found)
    return found


def key_reused(payment: Payment) -> Refused:
    return Refused(
        "key_reused",
        "this key has been used for a payment of something else",
        f"Use a new --key for a new payment; `invoicepay payments show {payment.id}` has what was "
        "paid with this one.",
        payment=payment.id,
    )


def _check_unchanged(plan: PaymentPlan, actor: Actor, unit: Unit, now: datetime) -> Method:
    """The ledger's own record of the plan's method: a caller's is not trusted."""
    customer = unit.customers.get(plan.customer, actor.scope)
    if customer is None:
        raise not_found("customer", plan.customer)
    method = unit.methods.get(plan.method.id, actor.scope)
    if method is None or method.customer != plan.customer:
        raise not_found("payment method", plan.method.id)
    today = local_date(now, unit.company.get().time_zone)
    check_limits(plan.lines, plan.currency)
    check_method(method, plan.currency, today)
    numbers = [line.invoice.number for line in plan.lines]
    if not numbers or len(set(numbers)) < len(numbers):
        raise Usage("usage", "a plan names each of its invoices once")
    found = []
    for number in numbers:
        invoice = unit.invoices.get(number, actor.scope)
        if invoice is None:
            raise not_found("invoice", number)
        found.append(invoice)
    check_payable(found, actor, unit, with_key=plan.with_key, allow_pending=plan.allow_pending)
    for line, invoice in zip(plan.lines, found, strict=True):
        _check_line(line, invoice, plan)
    return method


def _check_line(line: PlanLine, found: Invoice, plan: PaymentPlan) -> None:
    if (found.customer, found.currency) != (plan.customer, plan.currency):
        raise changed_since_quoted(found)
    plan_lines([found], {found.number: line.amount_minor})  # paid, void, or under way by now
    if found.payable_minor != line.invoice.payable_minor:
        raise changed_since_quoted(found)


def changed_since_quoted(invoice: Invoice) -> Refused:
    return Refused(
        "moved_since_quoted",
        f"{invoice.number} has changed since this payment was quoted: "
        f"{Money(invoice.payable_minor, invoice.currency)} is payable now",
        "Look at it again and pay what is shown then.",
    )
