"""The customers that one may act for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor, Customer
from invoicepay.operations.app import Request

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports


@dataclass(frozen=True, slots=True)
class ListCustomers(Request[tuple[Customer, ...]]):
    pass


def list_customers(request: ListCustomers, actor: Actor, ports: Ports) -> tuple[Customer, ...]:
    """By number."""
    with ports.ledger.read() as unit:
        return tuple(unit.customers.all(actor.scope))
