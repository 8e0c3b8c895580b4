"""The objects that a practice bank really answers with, and a server that answers with others."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from invoicepay.billing.customer import Customer
from invoicepay.billing.payment import Allocation
from invoicepay.billing.ports import ChargeOrder
from invoicepay.gateway.stripe_gateway import StripeGateway
from invoicepay.sandbox.advance import advance
from invoicepay.sandbox.server import SandboxServer
from tests.sandbox.conftest import Bare
from tests.world.false_stripe import Answer, Behaviour, FalseStripe

LEDGER = str(uuid.UUID(int=9))
Doc = dict[str, Any]


@dataclass(frozen=True)
class Objects:
    """As they came over HTTP. `intents` by what has become of them."""

    intents: dict[str, Doc]
    customer: Doc
    card: Doc
    bank_account: Doc
    account: Doc
    refusal: Doc
    """A body of status 400."""
    decline: Doc
    """One of 402."""


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    path = tmp_path_factory.mktemp("bank") / "bank.sandbox"
    with SandboxServer(path) as server:
        gateway, bare = (
            StripeGateway(server.key, livemode=False, base_address=server.url),
            Bare(server.url, server.key),
        )
        customer = gateway.create_customer(Customer("C-1", "A", ("a@example.com",)), LEDGER, "k").id

        def method(token: str) -> str:
            return gateway.attach_method(token, customer).gateway_id

        def create(token: str) -> str:
            return gateway.create(an_order(customer, method(token))).id

        made = {
            "created": create("pm_card_visa"),
            "canceled": create("pm_card_visa"),
            "succeeded": create("pm_card_visa"),
            "declined": create("pm_card_chargeCustomerFail"),
            "returned": create("pm_usBankAccount_accountClosed"),
        }
        gateway.cancel(made["canceled"])
        for name in ("succeeded", "returned"):
            gateway.confirm(made[name], name)
        decline = bare.confirm(made["declined"], off_session=True)
        advance(path, timedelta(days=5))
        refusal = bare.confirm(made["succeeded"], off_session=True)
        return Objects(
            {name: bare.get(f"/v1/payment_intents/{id}") for name, id in made.items()},
            bare.get(f"/v1/customers/{customer}"),
            bare.get(f"/v1/payment_methods/{method('pm_card_visa')}"),
            bare.get(f"/v1/payment_methods/{method('pm_usBankAccount_success')}"),
            bare.get("/v1/account"),
            refusal.json,
            decline.json,
        )


def an_order(customer: str, method: str) -> ChargeOrder:
    return ChargeOrder(
        payment_id=str(uuid.uuid4()),
        ledger_id=LEDGER,
        customer=customer,
        customer_number="C-1",
        method=method,
        method_type="card",
        amount_minor=12345,
        currency="USD",
        description="Tidewheel: 2 invoices",
        allocations=(Allocation("INV-1", 10000), Allocation("INV-2", 2345)),
    )


Answering = Callable[[Behaviour], StripeGateway]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """A gateway whose Stripe answers so."""
    with ExitStack() as running:

        def start(behaves: Behaviour) -> StripeGateway:
            false = running.enter_context(FalseStripe(behaves, None))
            base = f"http://127.0.0.1:{false.port}"
            return StripeGateway("sk_test_x", livemode=False, base_address=base)

        yield start


def says(document: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(document))


def listed(*data: object, has_more: object = False) -> Answer:
    return says({"object": "list", "data": data, "has_more": has_more, "url": "/v1/x"})
