"""Whose key it is: a ledger's payments go through one account of the gateway, for good."""

from __future__ import annotations

from invoicepay.billing.errors import Unreachable
from invoicepay.billing.identity import Mode
from invoicepay.billing.ports import AccountHidden, Ports, Unit


def check_account(ports: Ports) -> str:
    """The gateway's account; empty where the key does not say it and the ledger does not know it.

    A key that may not read its account is judged by something that the ledger has at the gateway:
    ids are one account's only. Raises Unreachable: `gateway_mismatch` for the key of another
    account, `account_unknown` when there is nothing yet to tell by. Raises NoAnswer, Rejected.
    """
    with ports.ledger.read() as unit:
        identity = unit.company.identity()
        ours = unit.company.gateway_object()
    bound = identity.gateway_account
    try:
        account = ports.gateway.account()
    except AccountHidden as hidden:
        if ours:
            _check_has(ours, ports)
        elif not bound:
            raise _unknown(hidden) from hidden
        elif hidden.named not in ("", bound):
            raise _mismatch(hidden.named, bound, identity.mode) from hidden
        return bound
    if bound and account != bound:
        raise _mismatch(account, bound, identity.mode)
    if ours and not bound:
        _check_has(ours, ports)
    return account


def check_named(account: str, ports: Ports) -> None:
    """Raises Unreachable (`gateway_mismatch`) when the key is known not to be of `account`. Raises
    NoAnswer, Rejected."""
    with ports.ledger.read() as unit:
        ours = unit.company.gateway_object()
    try:
        actual = ports.gateway.account()
    except AccountHidden as hidden:
        actual = hidden.named or account
        if ours:
            _check_has(ours, ports)
    if actual != account:
        raise Unreachable(
            "gateway_mismatch",
            f"the key is of {actual}, not of {account}",
            f"Say --account {actual}, or use a key of {account}.",
        )


def bind(account: str, unit: Unit) -> bool:
    """Bind the ledger to `account`, in the caller's transaction, which journals it; whether it
    was not bound before. Raises Unreachable (`gateway_mismatch`) when it is bound to another."""
    bound = unit.company.identity().gateway_account
    if bound and bound != account:
        raise _mismatch(account, bound, unit.company.identity().mode)
    if not bound:
        unit.company.bind_gateway(account)
    return not bound


def _check_has(ours: str, ports: Ports) -> None:
    if not ports.gateway.has(ours):
        raise Unreachable(
            "gateway_mismatch",
            f"the key's account has no {ours}, which this ledger's account has",
            "Use a key of this ledger's account.",
        )


def _mismatch(account: str, bound: str, mode: Mode) -> Unreachable:
    return Unreachable(
        "gateway_mismatch",
        f"{account} answers, this ledger belongs to {bound}",
        "Use the .sandbox file that was beside this ledger."
        if mode is Mode.SANDBOX
        else "Use that account's key.",
    )


def _unknown(hidden: AccountHidden) -> Unreachable:
    says = f"; the gateway speaks of {hidden.named}" if hidden.named else ""
    return Unreachable(
        "account_unknown",
        f"a restricted key may not say which account it is of{says}",
        f"If that is right, finance says so once: `invoicepay config stripe --account "
        f"{hidden.named}`."
        if hidden.named
        else "Finance says it once: `invoicepay config stripe --account ID`; the gateway's "
        "dashboard shows the ID, acct_…, under the account's details.",
    )
