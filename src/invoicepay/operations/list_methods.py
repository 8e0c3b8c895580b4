"""Payment methods of the actor's customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor
from invoicepay.billing.dates import local_date
from invoicepay.billing.method import Method
from invoicepay.operations.app import Request
from invoicepay.operations.find_number import selected_customer

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports


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
