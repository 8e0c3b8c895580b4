"""Payment methods: list them, choose the default, remove, attach a test method."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from invoicepay.billing.customer import EVERYTHING, Actor
from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import Refused, Usage, not_found
from invoicepay.billing.method import Method, MethodStatus, MethodType
from invoicepay.operations.app import Request
from invoicepay.operations.numbers import find_customer, selected_customer

if TYPE_CHECKING:
    from datetime import date

    from invoicepay.billing.ports import Ports, Unit


@dataclass(frozen=True, slots=True)
class MethodList:
    methods: tuple[Method, ...]
    today: date


@dataclass(frozen=True, slots=True)
class ListMethods(Request[MethodList]):
    customer: str | None = None


def list_methods(request: ListMethods, actor: Actor, ports: Ports) -> MethodList:
    """Methods by customer, oldest first. Raises NotFound for a customer out of scope."""
    with ports.ledger.read() as unit:
        today = local_date(ports.clock.now(), unit.company.get().time_zone)
        named = selected_customer(unit, request.customer, actor.scope)
        customers = [named] if named else [c.number for c in unit.customers.all(actor.scope)]
        found = [m for c in customers for m in unit.methods.of_customer(c, actor.scope)]
    return MethodList(tuple(found), today)


@dataclass(frozen=True, slots=True)
class SetDefaultMethod(Request[Method]):
    method_id: str


def set_default_method(request: SetDefaultMethod, actor: Actor, ports: Ports) -> Method:
    """The method, now the default of its type and preferred over the other type. Raises
    NotFound, and Refused for one that cannot be used."""
    now = ports.clock.now()

    def set_default(unit: Unit) -> Method:
        method = unit.methods.get(request.method_id, actor.scope)
        if method is None or method.removed:
            raise not_found("payment method", request.method_id)
        status = method.status(local_date(now, unit.company.get().time_zone))
        if status is not MethodStatus.ACTIVE:
            raise Refused(
                "method_unusable",
                f"{method.name} ({method.id}) cannot be the default: {status.replace('_', ' ')}",
                "Choose another; `invoicepay methods list` shows them.",
            )
        unit.methods.set_default(method)
        unit.journal.append("method.default", method.id, actor.email, now, {})
        changed = unit.methods.get(method.id, actor.scope)
        assert changed is not None
        return changed

    return ports.ledger.transact(set_default)


@dataclass(frozen=True, slots=True)
class RemoveMethod(Request[Method]):
    method_id: str


def remove_method(request: RemoveMethod, actor: Actor, ports: Ports) -> Method:
    """The removed method. It is gone here whether or not the gateway answers: nothing pays with it
    any more. Raises NotFound, Refused while a payment with it is under way, and Unreachable where
    the gateway has no key, when it is removed already."""
    from invoicepay.billing.ports import NoAnswer, Rejected

    now = ports.clock.now()

    def remove(unit: Unit) -> Method:
        method = unit.methods.get(request.method_id, actor.scope)
        if method is None or method.removed:
            raise not_found("payment method", request.method_id)
        for payment in unit.payments.unsettled(EVERYTHING):
            if payment.method_id == method.id:
                raise Refused(
                    "in_flight",
                    f"payment {payment.id} with {method.name} is under way",
                    "Remove it once that payment is final; `invoicepay sync` asks the bank.",
                )
        unit.methods.remove(method.id)
        unit.journal.append("method.removed", method.id, actor.email, now, {})
        return method

    method = ports.ledger.transact(remove)
    with suppress(NoAnswer, Rejected):
        ports.gateway.detach_method(method.gateway_id)
    return replace(method, removed=True)


@dataclass(frozen=True, slots=True)
class AttachTestMethod(Request[Method]):
    """`token`: one of Stripe's test payment methods, e.g. `pm_card_visa`."""

    customer: str
    token: str
    label: str = ""


def attach_test_method(request: AttachTestMethod, actor: Actor, ports: Ports) -> Method:
    """The method; the customer's first becomes the default, the first of a type the default of
    its type. Raises Usage on a live ledger, NotFound, Refused, Unreachable."""
    from invoicepay.billing.ports import NoAnswer, Rejected
    from invoicepay.operations.payments.protocol.gateway_customer import customer_at_gateway
    from invoicepay.operations.payments.protocol.gateway_trouble import unreachable

    with ports.ledger.read() as unit:
        identity = unit.company.identity()
        if identity.livemode:
            raise Usage(
                "needs_sandbox",
                "test methods are for sandbox and test ledgers; this is a live ledger",
                "Practise on another: `invoicepay demo` makes one.",
            )
        customer = find_customer(unit, request.customer, actor.scope)
    try:
        gateway_id = customer_at_gateway(customer, actor, ports)
        attached = ports.gateway.attach_method(request.token, gateway_id)
    except (NoAnswer, Rejected) as error:
        if isinstance(error, Rejected) and error.code == "resource_missing":
            raise Usage(
                "usage",
                f"there is no test method {request.token}",
                "pm_card_visa and pm_usBankAccount_success pay.",
            ) from error
        raise unreachable(error) from error
    method = Method(
        id=f"{attached.type}-{attached.last4}-{ports.ids.new()[:8]}",
        customer=customer.number,
        type=MethodType(attached.type),
        label=request.label or f"{attached.brand} ending {attached.last4}",
        brand=attached.brand,
        last4=attached.last4,
        gateway_id=attached.gateway_id,
        exp_month=attached.exp_month,
        exp_year=attached.exp_year,
    )
    now = ports.clock.now()

    def add(unit: Unit) -> Method:
        others = unit.methods.of_customer(customer.number, actor.scope)
        unit.methods.add(method)
        if not others:
            unit.methods.set_default(method)
        elif method.type not in {m.type for m in others}:
            unit.methods.set_type_default(method)
        unit.journal.append(
            "method.added",
            method.id,
            actor.email,
            now,
            {"customer": customer.number, "gateway_id": method.gateway_id},
        )
        added = unit.methods.get(method.id, actor.scope)
        assert added is not None
        return added

    return ports.ledger.transact(add)
