"""The company that bills: its profile, and its account at the gateway."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor, Address, Company
from invoicepay.billing.dates import check_time_zone, local_date
from invoicepay.billing.errors import BadInput, Usage
from invoicepay.billing.money import check_currency
from invoicepay.billing.text import NAME_LENGTH, check_text
from invoicepay.operations.app import Request
from invoicepay.operations.identity.authenticate import reread_actor
from invoicepay.operations.mailing.address import check_email

if TYPE_CHECKING:
    from datetime import date

    from invoicepay.billing.identity import LedgerIdentity
    from invoicepay.billing.ports import Ports, Unit


@dataclass(frozen=True, slots=True)
class CompanyView:
    """`today`: in the company's time zone."""

    company: Company
    ledger: LedgerIdentity
    today: date


@dataclass(frozen=True, slots=True)
class ShowCompany(Request[CompanyView]):
    pass


def show_company(request: ShowCompany, actor: Actor, ports: Ports) -> CompanyView:
    with ports.ledger.read() as unit:
        company = unit.company.get()
        today = local_date(ports.clock.now(), company.time_zone)
        return CompanyView(company, unit.company.identity(), today)


LARGEST_LOGO = 1 << 20
"""Bytes, as it is given and as it is kept: it is read for every document."""


@dataclass(frozen=True, slots=True)
class SetCompany(Request[Company]):
    """None leaves a field as it is; empty text or bytes clear it. See billing.customer.Company."""

    name: str | None = None
    address: Address | None = None
    email: str | None = None
    phone: str | None = None
    website: str | None = None
    tax_id: str | None = None
    time_zone: str | None = None
    currency: str | None = None
    terms: str | None = None
    remit_to: str | None = None
    logo: bytes | None = None


def set_company(request: SetCompany, actor: Actor, ports: Ports) -> Company:
    """The company after the change. Days already recorded stay the days they were, whatever the
    time zone becomes. Raises BadInput, Usage where nothing is given, NotAllowed."""
    given = {
        f.name: value for f in fields(request) if (value := getattr(request, f.name)) is not None
    }
    if not given:
        raise Usage("input_needed", "nothing to set", "Name what changes, e.g. --phone.")
    checked = {name: _checked(name, value, ports) for name, value in given.items()}
    now = ports.clock.now()

    def change(unit: Unit) -> Company:
        reread_actor(unit, actor)
        before = unit.company.get()
        company = replace(before, **checked)  # type: ignore[arg-type]
        changed = {n: v for n, v in checked.items() if getattr(before, n) != v}
        if changed:
            unit.company.put(company)
            unit.journal.append(
                "company.changed",
                "company",
                actor.email,
                now,
                {name: _journaled(value) for name, value in changed.items()},
            )
        return company

    return ports.ledger.transact(change)


def _checked(name: str, value: object, ports: Ports) -> object:
    match value:
        case Address():
            lines = (check_text(line, "the address", longest=NAME_LENGTH) for line in value.lines)
            return Address(tuple(line for line in lines if line))
        case bytes():
            return _logo(value, ports) if value else b""
        case str() if name == "time_zone":
            return check_time_zone(value)
        case str() if name == "currency":
            return check_currency(value)
        case str() if name == "email":
            return check_email(value) if value.strip() else ""
        case str() if name in ("terms", "remit_to"):
            return check_text(value, name.replace("_", " "), longest=4000, lines=True)
        case str():
            text = check_text(value, name.replace("_", " "), longest=NAME_LENGTH)
            if name == "name" and not text:
                raise BadInput("bad_text", "a company has a name")
            return text
    raise TypeError(f"{name} cannot be {type(value).__name__}")


def _logo(content: bytes, ports: Ports) -> bytes:
    if len(content) <= LARGEST_LOGO:
        kept = ports.documents.logo(content)
        if len(kept) <= LARGEST_LOGO:
            return kept
    what = f"the logo is larger than {LARGEST_LOGO // 1024} KiB"
    raise BadInput("bad_file", what, "Save it smaller.")


def _journaled(value: object) -> object:
    if isinstance(value, bytes):
        return f"sha256:{hashlib.sha256(value).hexdigest()}"
    return list(value.lines) if isinstance(value, Address) else value


_ACCOUNT = re.compile(r"acct_[0-9A-Za-z]{1,60}", re.ASCII)
NOTHING_DONE = "Nothing was changed. Check the key and the network, then try again."


@dataclass(frozen=True, slots=True)
class BindAccount(Request[str]):
    """`account`: the account's id at the gateway, `acct_…`. It cannot be changed later."""

    account: str


def bind_account(request: BindAccount, actor: Actor, ports: Ports) -> str:
    """The account. Raises BadInput, and Unreachable (`gateway_mismatch`) when the key or the
    ledger is known to be of another."""
    from invoicepay.billing.ports import NoAnswer, Rejected
    from invoicepay.operations.payments.protocol.account import bind, check_named
    from invoicepay.operations.payments.protocol.gateway_trouble import unreachable

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
    now = ports.clock.now()

    def bind_ledger(unit: Unit) -> None:
        if bind(account, unit):
            unit.journal.append("ledger.bound", account, actor.email, now, {"account": account})

    ports.ledger.transact(bind_ledger)
    return account
