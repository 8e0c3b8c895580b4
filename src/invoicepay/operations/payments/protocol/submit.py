"""Steps 2 and 3: an unconfirmed intent, its id stored, then one confirm."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from invoicepay.billing.customer import EVERYTHING, Customer
from invoicepay.billing.errors import (
    DoesNotTie,
    OutcomeUnknown,
    Refused,
    Unreachable,
    must_be_there,
)
from invoicepay.billing.money import Money
from invoicepay.billing.payment import Payment, sync_finds_out
from invoicepay.billing.ports import (
    ChargeOrder,
    Intent,
    IntentStatus,
    NoAnswer,
    Ports,
    Rejected,
    Unreadable,
)
from invoicepay.operations.payments.protocol.cancel import cancel
from invoicepay.operations.payments.protocol.reconcile import LOOK_IT_UP, check_not_behind
from invoicepay.operations.payments.protocol.record import (
    SETTLED_BY,
    record,
    record_never_confirmed,
    record_submitted,
    record_unknown,
)


def submit(payment: Payment, ports: Ports) -> Payment:
    """Have the gateway charge a payment that the caller has just claimed; the payment as it is
    after that.

    Raises Unreachable or Refused when nothing was charged, OutcomeUnknown when the ledger cannot
    be written after something may have been.
    """
    intent = _prepare(payment, ports)
    payment, may_confirm = record_submitted(payment, intent, ports)
    if not may_confirm:
        cancel_orphan(intent.id, ports)
        return payment
    try:
        return _confirm(payment, intent, ports)
    except (Unreachable, DoesNotTie) as error:
        raise OutcomeUnknown(
            "outcome_unknown",
            f"payment {payment.id} may have been charged, and this could not be recorded: "
            f"{error.message}",
            f"Do not pay again; {sync_finds_out(payment)}.",
            payment=payment.id,
        ) from error


def conclude(
    payment: Payment,
    intent: Intent,
    ports: Ports,
    *,
    refused: Rejected | None = None,
    on_request: bool = False,
    charged_now: bool = False,
) -> Payment:
    """Record what `intent` decides. One that could still be charged is canceled first; only
    when it reads `canceled` is anything released. Never confirms.

    `refused`: why the gateway would not confirm it. `on_request`: somebody wants it canceled.
    `charged_now`: see `record`.
    """
    if intent.status in SETTLED_BY:
        failure = intent if intent.failure_code else None
        return record(payment, intent, ports, failure=failure, charged_now=charged_now)
    declined = _declined(intent, refused)
    try:
        intent = cancel(intent, ports, on_request=on_request)
    except (NoAnswer, Rejected) as error:
        return record_unknown(payment, str(error), ports)
    if intent.status not in SETTLED_BY:
        return record_unknown(payment, f"the gateway left it {intent.status}", ports)
    # A confirm that was on its way may have been declined just before.
    return record(payment, intent, ports, failure=declined or _declined(intent))


def _declined(intent: Intent, refused: Rejected | None = None) -> Intent | None:
    """The intent as the reason of a failure; None for one that was never confirmed."""
    if refused is not None and not intent.failure_code:
        return replace(
            intent, failure_code=refused.code or "refused", failure_message=refused.message
        )
    if intent.status is IntentStatus.REQUIRES_ACTION and not intent.failure_code:
        return replace(
            intent,
            failure_code="authentication_required",
            failure_message="The bank wants to authenticate this payment.",
        )
    return intent if intent.failure_code else None


def unreachable(error: NoAnswer | Rejected, hint: str = "") -> Unreachable:
    """The gateway's trouble in one line. `hint` where it is not certain that nothing was
    charged."""
    if isinstance(error, Unreadable):
        hint = f"{hint or 'Nothing was charged.'} {LOOK_IT_UP}"
        return Unreachable("gateway_unreadable", f"the gateway's {error}", hint)
    if isinstance(error, Rejected):
        said = f"the gateway refused: {error.message}"
        hint = hint or "Nothing was charged. Change what it names, or show finance this line."
        return Unreachable("gateway_refused", said, hint)
    said = f"the gateway cannot be reached: {error}"
    hint = hint or "Nothing was charged. Try again later."
    if error.hint:
        hint = f"{hint} {error.hint}"
    return Unreachable("gateway_unreachable", said, hint)


def _prepare(payment: Payment, ports: Ports) -> Intent:
    """The payment's intent, unconfirmed, and this ledger not behind. Gives the payment up, and
    raises, when that cannot be had: an intent whose id is not stored is confirmed by nobody."""
    customer, order = _order(payment, ports)
    intent = None
    try:
        intent = ports.gateway.create(order)
        check_not_behind(payment, customer, intent, ports)
    except (NoAnswer, Rejected, Refused, Unreachable) as error:
        record_never_confirmed(payment, ports, str(error))
        made = error.intent if intent is None and isinstance(error, Unreadable) else intent
        if made is not None:
            cancel_orphan(made.id, ports)
        if isinstance(error, NoAnswer | Rejected):
            raise unreachable(error) from error
        raise
    return intent


def _confirm(payment: Payment, intent: Intent, ports: Ports) -> Payment:
    refused = None
    try:
        try:
            intent = ports.gateway.confirm(intent.id, payment.id)
        except Rejected as error:  # somebody may have canceled it; what it says itself decides
            refused = error
            intent = ports.gateway.retrieve(intent.id)
    except (NoAnswer, Rejected) as error:
        return record_unknown(payment, str(error), ports)
    return conclude(payment, intent, ports, refused=refused, charged_now=refused is None)


def _order(payment: Payment, ports: Ports) -> tuple[Customer, ChargeOrder]:
    with ports.ledger.read() as unit:
        company = unit.company.get()
        identity = unit.company.identity()
        found = unit.customers.get(payment.customer, EVERYTHING)
        customer = must_be_there(found, f"{payment.customer}, whose payment {payment.id} is,")
        method = must_be_there(
            unit.methods.get(payment.method_id, EVERYTHING), f"the method of payment {payment.id}"
        )
    count = len(payment.allocations)
    what = payment.allocations[0].invoice if count == 1 else f"{count} invoices"
    return customer, ChargeOrder(
        payment_id=payment.id,
        ledger_id=identity.id,
        customer=customer.gateway_id,
        customer_number=customer.number,
        method=method.gateway_id,
        method_type=method.type.value,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        description=f"{company.name}: {what}, {Money(payment.amount_minor, payment.currency)}",
        allocations=payment.allocations,
        request_digest=payment.request_digest,
    )


def cancel_orphan(intent_id: str, ports: Ports) -> None:
    """Tidiness only: an intent that nobody will confirm."""
    with suppress(NoAnswer, Rejected, Unreachable):
        ports.gateway.cancel(intent_id)
