"""Pay a plan, exactly once, and what is told to whoever interrupted that."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import OutcomeUnknown
from invoicepay.billing.money import Money
from invoicepay.billing.payment import Payment, PaymentStatus, sync_finds_out
from invoicepay.billing.plan import PaymentPlan
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.payments.find import find_payment
from invoicepay.operations.payments.protocol.charge import charge
from invoicepay.operations.payments.protocol.claim import claim
from invoicepay.operations.payments.protocol.outcome import give_up, record_unknown
from invoicepay.operations.payments.protocol.settle import settle_if_left


@dataclass(frozen=True, slots=True)
class Pay(Request[Payment]):
    """A plan as `quote` made it."""

    plan: PaymentPlan


def pay(request: Pay, actor: Actor, ports: Ports) -> Payment:
    """The payment of the plan, however it ended: look at its status. No e-mail is sent yet.

    The same plan again charges nothing; it returns the payment that it made. Raises Refused,
    NotFound, NotAllowed, Usage, DoesNotTie or Unreachable when nothing was charged, OutcomeUnknown
    when nobody knows.
    """
    livemode = ports.gateway.livemode  # raises without its key, before anything is claimed
    payment, fresh = claim(request.plan, actor, ports)
    assert payment.livemode == livemode
    return charge(payment, ports) if fresh else settle_if_left(payment, ports)


@dataclass(frozen=True, slots=True)
class StopPayment(Request[Payment]):
    """`payment_id` of the plan that was being paid."""

    payment_id: str


def stop_payment(request: StopPayment, actor: Actor, ports: Ports) -> Payment:
    """The payment as it is now: canceled where it had not been submitted, else with the outcome
    that is recorded. Asks no gateway, so that it takes no time.

    Raises NotFound where nothing was claimed, OutcomeUnknown where it may have been charged,
    Usage where several payments start so.
    """
    with ports.ledger.read() as unit:
        payment = find_payment(unit, request.payment_id, actor.scope)
    if payment.status is PaymentStatus.CLAIMED:
        # Its intent, should there be one, is confirmed by nobody: the compare-and-set is lost.
        payment = give_up(payment, ports, "interrupted before it was submitted")
    elif payment.status is PaymentStatus.SUBMITTED:
        # Nobody works on it any more: who asks next need not wait for the end of its lease.
        payment = record_unknown(payment, "interrupted", ports)
    if not payment.outcome_known:
        raise OutcomeUnknown(
            "outcome_unknown",
            f"interrupted while payment {payment.id} of "
            f"{Money(payment.amount_minor, payment.currency)} was under way: it may have been "
            "charged",
            f"Do not pay again; {sync_finds_out(payment)}, and `invoicepay payments show "
            f"{payment.id}` shows it.",
            payment=payment.id,
        )
    return payment
