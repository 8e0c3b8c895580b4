"""The same below the command line: every request × role through App.call, so that whatever else
will call it, a portal first of all, inherits the rights and learns no more."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shutil
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import invoicepay.operations
from invoicepay.billing.customer import Contact, Role, Session
from invoicepay.billing.errors import InvoicepayError, NotAllowed
from invoicepay.credentials.passwords import Argon2Passwords
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.app import App, Request
from invoicepay.operations.identity.authenticate import authenticate
from invoicepay.operations.identity.secret_hash import code_hash, secret_hash
from invoicepay.operations.methods import AttachTestMethod, ListMethods
from invoicepay.operations.payments.acknowledgements import AcknowledgePayments
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.protocol.claim import claim
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.rights import RIGHTS
from tests.proofs.rights.company import MEMORY
from tests.proofs.rights.requests import NAMES_NOTHING, PASSWORD, PERSONAL, REQUESTS, Asked
from tests.world.clock import START
from tests.world.company import SmallCompany, make_template, open_copy
from tests.world.told import told

YEAR = timedelta(days=365)
PEOPLE = {"customer": "C-1", "other": "C-2", "finance": "", "admin": ""}
LET_IN_NOWHERE = {
    "": "not_logged_in",
    "unknown": "not_logged_in",
    "disabled": "session_expired",
    "revoked": "session_expired",
    "expired": "session_expired",
    "idle": "session_expired",
}
"""Secrets that open nothing, and what is said."""
ABSENT = {
    "login": "nobody@one.example",
    "email": "nobody@one.example",
    "code": "0000-0000-0000-0000",
    "token": "00000000-0000-4000-8000-000000000000",
    "customer": "C-0",
    "invoice": "INV-0",
    "method": "card-0000-00000000",
    "payment": "00000000-0000-4000-8000-000000000000",
    "held": "00000000-0000-4000-8000-000000000000",
    "beginning": "00000000",
    "receipt": "R-999999",
}


@dataclass
class Watched:
    """A port, each use of which is written down."""

    port: Any
    name: str
    uses: list[str]

    def __getattr__(self, name: str) -> Any:
        self.uses.append(f"{self.name}.{name}")
        return getattr(self.port, name)


@dataclass
class Company:
    """A ledger of which nothing can be used unseen. `secret` is the name of a session."""

    small: SmallCompany
    named: dict[str, dict[str, Any]]
    """own and foreign → kind → name."""
    uses: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return Watched(getattr(self.small, name), name, self.uses)

    def app(self, secret: str) -> App:
        return App(self, lambda: secret and f"my-{secret}")

    def call(self, secret: str, request: Request[Any]) -> Any:
        result = self.app(secret).call(request)
        return list(result) if isinstance(result, Iterator) else result

    def request(self, asked: Asked, kind: str = "", name: str = "") -> Request[Any]:
        names = self.named["own"] | {"folder": self.small.ledger.path.parent}
        return asked.make(names | {kind: name} if kind else names)

    def dump(self) -> list[str]:
        connection = self.small.ledger._connection
        assert connection is not None
        passing = ("login_failures", "write_ahead_log")
        lines = connection.iterdump()
        return [line for line in lines if not any(name in line for name in passing)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SmallCompany:
    """Not to be changed; `company` is a copy of it."""
    folder = tmp_path_factory.mktemp("made")
    small = open_copy(make_template(folder), folder)
    small.passwords = Argon2Passwords(time_cost=1, memory_cost=8, parallelism=1)
    _add_people(small)
    return small


@pytest.fixture(scope="module")
def named(made: SmallCompany) -> dict[str, dict[str, Any]]:
    """C-1's things are the asker's own, C-2's another's."""
    named = {"own": _things(made, "customer", "INV-1"), "foreign": _things(made, "other", "INV-9")}
    made.ledger.close()
    return named


@pytest.fixture
def company(made: SmallCompany, named: dict[str, dict[str, Any]]) -> Iterator[Company]:
    with TemporaryDirectory(dir=MEMORY) as folder:
        path = Path(folder) / "ledger.db"
        shutil.copy(made.ledger.path, path)
        shutil.copy(made.ledger.path, path.with_name("saved.db"))
        path.with_name("customers.csv").write_text("number,name\nC-1,Harbor Finch\n")
        small = replace(made, ledger=SqliteLedger(path), gateway=deepcopy(made.gateway))
        company = Company(small, named)
        with small.ledger.write() as unit:  # a connection's first write sets up more
            unit._connection.set_trace_callback(company.statements.append)
        yield company
        small.ledger.close()


def _add_people(small: SmallCompany) -> None:
    password = small.passwords.hash(PASSWORD)
    with small.ledger.write() as unit:
        for name, customer in (*PEOPLE.items(), ("disabled", "C-1")):
            role = Role.CUSTOMER if customer else Role(name)
            customers = (customer,) if customer else ()
            status = "disabled" if name == "disabled" else "active"
            email = f"{name}@one.example"
            hashed = "" if name == "other" else password
            contact = Contact(f"my-{name}", email, name, role, customers, status, hashed)
            unit.contacts.put(contact)
            told(unit)
            unit.sessions.add(_session(name, name))
            unit.sessions.add(replace(_session(name, f"token-{name}"), kind="token"))
        for name in ("revoked", "expired", "idle"):
            unit.sessions.add(_session("customer", name))
        unit.sessions.revoke("revoked-0000", START)
        for whose in ("own", "foreign"):
            email = f"{whose}@one.example"
            unit.contacts.put(Contact(whose, email, whose, Role.CUSTOMER, ("C-1",)))
            told(unit)
            unit.contacts.add_invite(whose, code_hash(f"code-{whose}"), START + YEAR)
        unit.contacts.take_invite(code_hash("code-foreign"), START)


def _session(contact: str, name: str) -> Session:
    """One that was used a minute ago, so that using it writes nothing."""
    used = START - timedelta(minutes=1)
    return Session(
        id=f"{name}-0000",
        kind="session",
        contact_id=f"my-{contact}",
        secret_hash=secret_hash(f"my-{name}"),
        created_at=START - YEAR,
        expires_at=START if name == "expired" else START + YEAR,
        idle_seconds=30 if name == "idle" else 10**8,
        last_used_at=used,
        label=name,
    )


def _things(small: SmallCompany, secret: str, number: str) -> dict[str, Any]:
    app = App(small, lambda: f"my-{secret}")
    customer = PEOPLE[secret]
    if customer == "C-2":
        for token in ("pm_card_visa", "pm_usBankAccount_success"):
            app.call(AttachTestMethod(customer, token))
    bank = next(m.id for m in app.call(ListMethods(customer)).methods if m.type == "ach")
    paid = app.call(Pay(_plan(app, number, "1.00")))
    app.call(AcknowledgePayments((paid.id,)))
    held, _ = claim(_plan(app, number, "2.00"), authenticate(f"my-{secret}", small), small)
    small.gateway.calls.clear()
    return {
        "login": f"{secret}@one.example",
        "email": "own@one.example" if secret == "customer" else "foreign@one.example",
        "code": "code-own" if secret == "customer" else "code-foreign",
        "token": f"token-{secret}-0000",
        "customer": customer,
        "invoice": "INV-3" if secret == "customer" else number,
        "method": bank,
        "payment": paid.id,
        "held": held.id,
        "beginning": paid.id[:8],
        "receipt": paid.receipt_number,
        "plan": _plan(app, "INV-3", "75.25") if secret == "customer" else None,
    }


def _plan(app: App, number: str, amount: str) -> Any:
    return app.call(Quote(numbers=(number,), amounts=((number, amount),), method="card")).plan


# --- Who may ----------------------------------------------------------------------------------


def by_role() -> list[Any]:
    return [
        pytest.param(asked, role, id=f"{role.value}: {asked}")
        for asked in REQUESTS
        for role in Role
    ]


def blank(request: type[Request[Any]]) -> Request[Any]:
    """One whose fields cannot be read: that raises AttributeError."""
    return object.__new__(request)


WHAT_LETTING_IN_TAKES = ["clock.real_now", "ledger.read"]


@pytest.mark.parametrize(("asked", "role"), by_role())
def test_the_role_decides(company: Company, asked: Asked, role: Role) -> None:
    if not asked.roles or role in asked.roles:
        try:
            company.call(role.value, company.request(asked))
        except NotAllowed as error:
            pytest.fail(f"{role} may not {asked}: {error.message}")
        except InvoicepayError as error:  # it is the customer's own
            assert error.code == "not_found"
            assert role is not Role.CUSTOMER and PERSONAL & set(asked.kinds)
        return
    before = company.dump()
    company.uses.clear()
    with pytest.raises(NotAllowed) as caught:
        company.app(role.value).call(blank(asked.type))
    assert caught.value.code == "not_allowed"
    assert company.uses == WHAT_LETTING_IN_TAKES
    assert company.dump() == before


@pytest.mark.parametrize("asked", [a for a in REQUESTS if a.roles], ids=str)
def test_who_is_let_in_nowhere(company: Company, asked: Asked) -> None:
    before = company.dump()
    for secret, code in LET_IN_NOWHERE.items():
        company.uses.clear()
        with pytest.raises(NotAllowed) as caught:
            company.app(secret).call(blank(asked.type))
        assert caught.value.code == code, secret
        assert company.uses == (WHAT_LETTING_IN_TAKES if secret else [])
    assert company.dump() == before


# --- What is another's ------------------------------------------------------------------------

NAMING = [
    pytest.param(asked, kind, id=f"{kind} of {asked}")
    for asked in REQUESTS
    if Role.CUSTOMER in asked.roles or not asked.roles
    for kind in asked.kinds
]


@pytest.mark.parametrize(("asked", "kind"), NAMING)
def test_anothers_is_as_if_it_were_not_there(company: Company, asked: Asked, kind: str) -> None:
    """The same error after the same work: port by port and, but for a login, which computes a
    password either way, statement by statement."""
    before = company.dump()
    foreign = company.named["foreign"][kind]
    said_of_foreign = observed(company, asked, kind, foreign)
    said_of_absent = observed(company, asked, kind, ABSENT[kind])
    assert said_of_foreign == said_of_absent
    assert said_of_absent["error"][1] in ("not_found", "login_failed", "invite_invalid")
    assert company.dump() == before
    assert company.small.gateway.calls == []


def observed(company: Company, asked: Asked, kind: str, name: str) -> dict[str, Any]:
    request = company.request(asked, kind, name)
    company.uses.clear()
    company.statements.clear()
    with pytest.raises(InvoicepayError) as caught:
        company.call("customer", request)
    error = caught.value

    def plain(text: str) -> str:
        text = re.sub("LIKE '%[^']*'", "LIKE 'ENDING'", text)
        text = text.replace(name, "NAME").replace(name[:8], "NAME")
        digest = r"\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b"
        return re.sub(rf"\b[0-9a-f-]{{36}}\b|{digest}|\$argon2id[^']*", "…", text)

    return {
        "error": (type(error), error.code, plain(error.message), plain(error.hint)),
        "uses": list(company.uses),
        "statements": [] if kind == "login" else [plain(s) for s in company.statements],
    }


def test_the_statements_are_seen(company: Company) -> None:
    """Or the comparison of them would show nothing."""
    asked = next(a for a in REQUESTS if a.kinds == ("invoice",))
    seen = observed(company, asked, "invoice", "INV-9")
    assert any("FROM invoices" in s for s in seen["statements"])
    assert "ledger.read" in seen["uses"]


# --- The table itself -------------------------------------------------------------------------


def all_requests() -> set[type[Request[Any]]]:
    package = invoicepay.operations
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    # By name: a dataclass with slots is made twice.
    found = {(r.__module__, r.__name__) for r in Request.__subclasses__()}
    return {getattr(sys.modules[module], name) for module, name in found}


def test_every_request_has_its_rights_and_stands_here() -> None:
    assert {request.__name__ for request in all_requests()} == set(RIGHTS)
    assert {asked.type for asked in REQUESTS} == all_requests()
    for asked in REQUESTS:
        assert RIGHTS[asked.type.__name__] == asked.roles, asked


@pytest.mark.parametrize("request_", sorted(all_requests(), key=str))
def test_every_field_that_names_something_varies(
    company: Company, request_: type[Request[Any]]
) -> None:
    """A new field says in the table whether it names something that is somebody's."""
    varied: set[str] = set()
    for asked in REQUESTS:
        for kind in asked.kinds if asked.type is request_ else ():
            made = company.request(asked, kind, "VARIED")
            varied |= {
                f.name
                for f in fields(made)  # type: ignore[arg-type]
                if "VARIED" in f"{getattr(made, f.name)}"
            }
    own = {f.name for f in fields(request_)}  # type: ignore[arg-type]
    assert own - varied == NAMES_NOTHING.get(request_, set())
