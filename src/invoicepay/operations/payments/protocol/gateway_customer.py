"""The one customer at the gateway whom payments of a customer are charged to.

Other copies of the ledger, or processes that lost an answer, may have made one before. All come to
the same: whoever finds none makes one, looks again, and takes the oldest, which is what everybody
sees who looks after both were made. Charges of a customer are then found in one place
(`check_not_behind`), and no payment method is attached where the ledger would not look.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from invoicepay.billing.customer import EVERYTHING, Actor, Customer
from invoicepay.billing.ports import GatewayCustomer, Ports, Unit
from invoicepay.operations.payments.protocol.account import bind, check_account
from invoicepay.operations.payments.protocol.reconcile import check_reconciled

CLOCKS_DIFFER = timedelta(days=2)
"""By how much at most this machine's clock was ahead of the gateway's when the ledger was made."""
A_LOOK_TAKES = timedelta(days=1)
"""Less than this: who was not there when it began was made after it."""


def customer_at_gateway(customer: Customer, actor: Actor, ports: Ports) -> str:
    """The gateway's id of `customer`: the ledger's, or else of the one that is found or made, and
    stored before anything else is done with it. Raises Refused while the gateway has charges that
    the ledger does not know, Unreachable, NoAnswer, Rejected."""
    account = check_account(ports)
    if customer.gateway_id:
        return customer.gateway_id
    check_reconciled(customer, ports)
    found = _find_or_create(customer, ports)
    now = ports.clock.now()

    def store(unit: Unit) -> str:
        if unit.customers.set_gateway_id(customer.number, found):
            if account:
                bind(account, unit)
            unit.journal.append(
                "customer.at_gateway",
                customer.number,
                actor.email,
                now,
                {"gateway_id": found, "account": account},
            )
        current = unit.customers.get(customer.number, EVERYTHING)
        assert current is not None
        return current.gateway_id

    return ports.ledger.transact(store)


def _find_or_create(customer: Customer, ports: Ports) -> str:
    with ports.ledger.read() as unit:
        ledger_id = unit.company.identity().id
        since = unit.company.created_at() - CLOCKS_DIFFER
    found = _oldest(ports.gateway.customers(since=since), customer, ledger_id, ports)
    if found:
        return found
    # A new key each time: under an old one the gateway would repeat an old failure.
    made = ports.gateway.create_customer(customer, ledger_id, ports.ids.new())
    again = ports.gateway.customers(since=made.created_at - A_LOOK_TAKES)
    return _oldest(again, customer, ledger_id, ports) or made.id


def _oldest(
    customers: Iterable[GatewayCustomer], customer: Customer, ledger_id: str, ports: Ports
) -> str:
    """The id of the oldest of `customers` (newest first) who is ours; empty when there is none."""
    ours = [c.id for c in customers if (c.ledger_id, c.number) == (ledger_id, customer.number)]
    with ports.ledger.read() as unit:
        for gateway_id in reversed(ours):
            owner = unit.customers.by_gateway_id(gateway_id)
            # Somebody may have edited what is written on it: it stays whose it is here.
            if owner is None or owner.number == customer.number:
                return gateway_id
    return ""
