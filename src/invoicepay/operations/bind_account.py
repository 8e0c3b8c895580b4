"""Say which account of the gateway the ledger's key is of, where the key may not say it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import BadInput
from invoicepay.billing.ports import NoAnswer, Ports, Rejected
from invoicepay.operations.app import Request
from invoicepay.operations.protocol.account import bind, check_named
from invoicepay.operations.protocol.submit import unreachable

_ACCOUNT = re.compile(r"acct_[0-9A-Za-z]{1,60}", re.ASCII)
NOTHING_DONE = "Nothing was changed. Check the key and the network, then try again."


@dataclass(frozen=True, slots=True)
class BindAccount(Request[str]):
    """`account`: the gateway's id of it, `acct_…`. For good."""

    account: str


def bind_account(request: BindAccount, actor: Actor, ports: Ports) -> str:
    """The account. Raises BadInput, and Unreachable (`gateway_mismatch`) when the key or the
    ledger is known to be of another."""
    account = request.account
    if not _ACCOUNT.fullmatch(account):
        raise BadInput(
            "bad_text",
            "an account's id is acct_ and letters and digits",
            "Copy it from the gateway's dashboard.",
        )
    try:
        check_named(account, ports)
    except (NoAnswer, Rejected) as error:
        raise unreachable(error, NOTHING_DONE) from error
    with ports.ledger.write() as unit:
        if bind(account, unit):
            data = {"account": account}
            unit.journal.append("ledger.bound", account, actor.email, ports.clock.now(), data)
    return account
