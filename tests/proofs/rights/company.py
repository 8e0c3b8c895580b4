"""Two customers whose contacts must not learn of each other, with staff, strangers and names for
everything that can be named; and the command line run in this process."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import re
import shutil
import socket
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import typer.main

from invoicepay import documents
from invoicepay.billing.customer import Company, Role
from invoicepay.billing.identity import Mode
from invoicepay.cli import main as cli
from invoicepay.cli.state import State
from invoicepay.credentials import passwords
from invoicepay.credentials.passwords import Argon2Passwords
from invoicepay.credentials.sessions import SessionTokens
from invoicepay.operations.app import App
from invoicepay.operations.identity.authenticate import authenticate
from invoicepay.operations.identity.contacts import DisableContact, InviteContact
from invoicepay.operations.identity.invites import AcceptInvite
from invoicepay.operations.identity.login import LogIn, LogOut, WhoAmI
from invoicepay.operations.identity.tokens import CreateToken, RevokeToken, TokenCreated
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.mailing.deliver import SendMail
from invoicepay.operations.methods import AttachTestMethod, ListMethods
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.protocol.claim import claim
from invoicepay.operations.payments.quote import Quote
from invoicepay.settings import load_settings
from invoicepay.wiring.ledgers import create_ledger
from invoicepay.wiring.local import Local
from tests.world.company import NoDocuments
from tests.world.forks import signature_of
from tests.world.program import Desk, Result

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where a test's own files go: there are thousands of them, and no disk is needed."""
PASSWORD, NEW_PASSWORD = "kettle-orbit-plum-77", "violet ladder 42 comet"
ANOTHERS_PASSWORD = "copper meadow 17 train"
DANA, PETRA, GONE = "dana@harbor.example", "petra@nettle.example", "gone@harbor.example"
STAFF = {"finance": "fin@acme.example", "admin": "adm@acme.example"}
CUSTOMERS = "number,name\nHARBOR-1,Harbor Finch\nNETTLE-2,Nettle Hill\n"
INVOICES = "number,customer,issued_on,due_on,currency,total\n" + "".join(
    f"{prefix}-{n},{customer},2026-10-01,2026-10-31,USD,100.00\n"
    for prefix, customer in (("HF", "HARBOR-1"), ("NH", "NETTLE-2"))
    for n in range(1, 7)
)

ROLES = ("nobody", "disabled", "revoked", "expired", "script", "customer", "finance", "admin")
"""Who types a command. The first four are let in nowhere; `script` is the customer's token."""


class Names(NamedTuple):
    """One kind of thing: what is the asker's own, what is another's, and what does not exist."""

    own: str
    foreign: str
    absent: str


@dataclass(frozen=True)
class Office(Desk):
    """A folder with the ledger, its sandbox, and settings for each of ROLES."""

    named: Mapping[str, Mapping[str, Names]] = ()  # type: ignore[assignment]
    """Role → kind → names. What is personal (tokens, keys) differs from role to role."""
    secrets: Mapping[str, str] = ()  # type: ignore[assignment]
    """Role → the secret of its session or token, "" for none."""

    def as_(self, role: str) -> Office:
        given = {"INVOICEPAY_CONFIG": f"{role}.toml"}
        if role in ("script", "revoked"):
            given["INVOICEPAY_TOKEN"] = self.secrets[role]
        return replace(self, variables=given)

    def copied_to(self, root: Path) -> Office:
        shutil.copytree(self.folder, root / "office")
        (root / "home").mkdir()
        return replace(self, folder=root / "office", home=root / "home")

    def here(self, words: list[str], stdin: str = "") -> Result:
        """As `run`, in this process, which takes 0.3 s less; PDFs and their pages have tests
        of their own."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.dict(os.environ, self.environment(), clear=True))
            stack.enter_context(contextlib.chdir(self.folder))
            stack.enter_context(mock.patch.object(gc, "freeze"))
            stack.enter_context(cheap_passwords())
            stack.enter_context(
                mock.patch.object(typer.main, "get_params_from_function", signature_of)
            )
            stack.enter_context(
                mock.patch.object(documents, "PdfDocuments", lambda named: NoDocuments())
            )
            states = stack.enter_context(_states())
            streams = [io.TextIOWrapper(io.BytesIO(text)) for text in (stdin.encode(), b"", b"")]
            for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                stack.enter_context(mock.patch.object(sys, name, stream))
            try:
                cli.main(words)
                exit_code = 0
            except SystemExit as ended:
                exit_code = int(ended.code or 0)
            finally:
                _close(states)
            for stream in streams[1:]:
                stream.flush()
            out, err = (s.buffer.getvalue() for s in streams[1:])
        return Result(exit_code, out.decode("latin-1"), err.decode())

    def files(self) -> dict[str, bytes]:
        """All but the databases, by path."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in found
            if not path.name.startswith("ledger.db") and not path.name.endswith(("-wal", "-shm"))
        }

    def records(self) -> Counter[str]:
        """All rows of the ledger and of the sandbox, but for when sessions were last used."""
        names = ("ledger.db", "ledger.db.sandbox")
        return Counter(line for name in names for line in _rows(self.folder / name))


class Untouched(NamedTuple):
    """An office's records and files."""

    records: Counter[str]
    files: dict[str, bytes]


@contextlib.contextmanager
def _states() -> Iterator[list[State]]:
    made: list[State] = []

    class Kept(State):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            made.append(self)

    with mock.patch.object(cli, "State", Kept):
        yield made


def _close(states: list[State]) -> None:
    for state in states:
        if local := vars(state).get("local"):
            local.close()


def cheap_passwords() -> contextlib.AbstractContextManager[Any]:
    """The same passwords, computed in no time: there are hundreds of them here."""
    cheap = partial(Argon2Passwords, time_cost=1, memory_cost=8, parallelism=1)
    return mock.patch.object(passwords, "Argon2Passwords", cheap)


def _rows(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(path)) as db:
        tables = [
            name
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            # By chance, and of nobody.
            if not name.startswith("sqlite_") and name != "write_ahead_log"
        ]
        for table in sorted(tables):
            names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(f'"{name}"' for name in names if name != "last_used_at")
            for row in db.execute(f"SELECT {kept} FROM {table}"):
                yield f"{table} {row}"


_CHANCE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # ids of ours
    r"|\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b"  # digests
    r"|\b(?:pi|ch|py|txn|evt|req|seti|mandate)_[A-Za-z0-9_]+"  # ids of the gateway's
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?|\b1[0-9]{9}(?:\.\d+)?\b"  # instants
)


def without_chance(text: str) -> str:
    """`text` without ids, digests and instants, which differ from run to run."""
    return _CHANCE.sub("…", text)


# --- How it is made ---------------------------------------------------------------------------


def make_office(root: Path, busy: socket.socket) -> Office:
    """The office, with what is named by Office.named; `busy` is a socket whose port is taken."""
    folder, home = root / "office", root / "home"
    folder.mkdir()
    home.mkdir()
    (folder / "customers.csv").write_text(CUSTOMERS)
    (folder / "invoices.csv").write_text(INVOICES)
    for role in ROLES:
        (folder / f"{role}.toml").write_text(
            f'ledger = "ledger.db"\noutbox = "outbox"\nsecrets = "{role}"\n'
        )
    settings = load_settings(config=folder / "admin.toml", ledger=None, environ={})
    with cheap_passwords():
        local = create_ledger(
            settings,
            Company("Acme Tools", time_zone="America/New_York"),
            admin_email=STAFF["admin"],
            admin_password=PASSWORD,
            mode=Mode.SANDBOX,
        )
        try:
            named, secrets = _Maker(local, folder).make(str(busy.getsockname()[1]))
            local.ledger.backup(folder / "saved.db")
        finally:
            local.close()
    return Office(folder, home, named=named, secrets=secrets)


class _Maker:
    def __init__(self, local: Local, folder: Path) -> None:
        self._local, self._folder = local, folder
        self._admin = self._log_in(STAFF["admin"], PASSWORD)

    def make(self, busy: str) -> tuple[dict[str, dict[str, Names]], dict[str, str]]:
        for kind in ("customers", "invoices"):
            self._as(self._admin).call(ImportRecords(kind, str(self._folder / f"{kind}.csv")))
        finance = self._invite(STAFF["finance"], PASSWORD, role=Role.FINANCE)
        dana = self._invite(DANA, PASSWORD, "HARBOR-1")
        petra = self._invite(PETRA, ANOTHERS_PASSWORD, "NETTLE-2")
        gone = self._invite(GONE, PASSWORD, "HARBOR-1")
        own, foreign = (
            self._things(secret, prefix) for secret, prefix in ((dana, "HF"), (petra, "NH"))
        )
        token = {s: self._as(s).call(CreateToken("t")) for s in (dana, petra, finance, self._admin)}
        revoked = self._as(dana).call(CreateToken("old"))
        self._as(dana).call(RevokeToken(revoked.id))
        shared = {kind: Names(own[kind], foreign[kind], ABSENT[kind]) for kind in own} | {
            "code": self._codes(),
            "busy": Names(busy, busy, busy),
        }
        for name, secret in (("fin", finance), ("adm", self._admin)):
            self._pay(secret, f"key-{name}", "HF-5" if name == "fin" else "HF-6")
        named = {
            "customer": shared | _personal(token[dana], token[petra], "dana", "petra", "HF-2"),
            "finance": shared | _personal(token[finance], token[dana], "fin", "petra", "HF-5"),
            "admin": shared | _personal(token[self._admin], token[dana], "adm", "petra", "HF-6"),
        }
        named |= {role: named["customer"] for role in ROLES if role not in named}
        expired = self._log_in(DANA, PASSWORD)
        secrets = {
            "nobody": "",
            "disabled": gone,
            "revoked": revoked.token,
            "expired": expired,
            "script": token[dana].token,
            "customer": dana,
            "finance": finance,
            "admin": self._admin,
        }
        self._keep(secrets)
        self._as(self._admin).call(DisableContact(GONE))
        self._end(expired)
        return named, secrets

    def _as(self, secret: str) -> App:
        return App(self._local, lambda: secret)

    def _log_in(self, email: str, password: str) -> str:
        return self._as("").call(LogIn(email, password)).token

    def _invite(
        self, email: str, password: str, *customers: str, role: Role = Role.CUSTOMER
    ) -> str:
        invited = self._as(self._admin).call(InviteContact(email, customers, role))
        return self._as("").call(AcceptInvite(invited.code, password)).token

    def _codes(self) -> Names:
        """One that works, one that has been used, and one that never was."""
        admin = self._as(self._admin)
        spent = admin.call(InviteContact("new@nettle.example", ("NETTLE-2",))).code
        accepted = self._as("").call(AcceptInvite(spent, ANOTHERS_PASSWORD)).token
        self._as(accepted).call(LogOut())
        good = admin.call(InviteContact("new@harbor.example", ("HARBOR-1",))).code
        return Names(good, spent, "0000-0000-0000-0000")

    def _things(self, secret: str, prefix: str) -> dict[str, str]:
        """What a customer has: the first invoice open, the second paid by card with a key, the
        third claimed and left, and two methods, of which the second is used by nothing."""
        app = self._as(secret)
        me = app.call(WhoAmI())
        (customer,) = me.customers
        for token in ("pm_card_visa", "pm_usBankAccount_success"):
            app.call(AttachTestMethod(customer, token))
        methods = app.call(ListMethods(customer)).methods
        paid = self._pay(secret, f"key-{me.email.partition('@')[0]}", f"{prefix}-2")
        plan = app.call(Quote(numbers=(f"{prefix}-3",))).plan
        assert plan is not None
        held, _ = claim(plan, authenticate(secret, self._local), self._local)
        return {
            "customer": customer,
            "invoice": f"{prefix}-1",
            "payment": paid.id,
            "beginning": paid.id[:8],
            "receipt": paid.receipt_number,
            "held": held.id,
            "method": methods[1].id,
            "email": f"new@{me.email.partition('@')[2]}",
            "login": me.email,
        }

    def _pay(self, secret: str, key: str, number: str) -> Any:
        plan = self._as(secret).call(Quote(numbers=(number,), key=key)).plan
        assert plan is not None
        payment = self._as(secret).call(Pay(plan))
        self._as(secret).call(SendMail(payment.id))
        return payment

    def _keep(self, secrets: Mapping[str, str]) -> None:
        """Each role's session in a file of its own, used once, so that its next use is a read."""
        for role, secret in secrets.items():
            if role not in ("nobody", "revoked", "script"):
                folder = self._folder / role
                tokens = SessionTokens(folder, self._local.identity.id, {})
                tokens.set(secret, insecure=True)
            if role not in ("nobody", "revoked"):
                self._as(secret).call(WhoAmI())

    def _end(self, secret: str) -> None:
        from invoicepay.operations.identity.secret_hash import secret_hash

        with closing(sqlite3.connect(self._local.ledger.path)) as db, db:
            done = db.execute(
                "UPDATE sessions SET expires_at = created_at WHERE secret_hash = ?",
                (secret_hash(secret),),
            )
            assert done.rowcount == 1


ABSENT = {
    "customer": "HARBOR-9",
    "invoice": "HF-99",
    "payment": "00000000-0000-4000-8000-000000000000",
    "beginning": "00000000",
    "receipt": "R-999999",
    "held": "00000000-0000-4000-8000-000000000000",
    "method": "us_bank_account-6789-00000000",
    "email": "nobody@harbor.example",
    "login": "nobody@harbor.example",
}
MARKS = ("NETTLE", "Nettle", "NH-", "petra")
"""What the customer's contact may read nowhere, besides the ids of what is another's."""


def _personal(
    own: TokenCreated, foreign: TokenCreated, name: str, other: str, paid: str
) -> dict[str, Names]:
    absent = ABSENT["payment"]
    return {
        "token": Names(own.id, foreign.id, absent),
        "token_beginning": Names(own.id[:8], foreign.id[:8], absent[:8]),
        "key": Names(f"key-{name}", f"key-{other}", "key-nobodys"),
        "paid": Names(paid, "", ""),
    }
