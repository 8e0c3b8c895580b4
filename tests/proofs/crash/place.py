"""A company on disk with its bank in another process, the program run on it, and what must be
true of it after anything."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any, Self

from invoicepay.billing.customer import Role
from invoicepay.billing.invoice import Invoice
from invoicepay.billing.payment import FINAL, Payment, PaymentStatus
from invoicepay.billing.ports import PaymentFilter
from invoicepay.gateway.stripe_gateway import StripeGateway
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.sandbox.server import SandboxServer
from tests.proofs.crash.shim import BANK
from tests.world.company import EVERYTHING, add_contact, make_template, open_copy

CHARGED = (PaymentStatus.SUCCEEDED, PaymentStatus.PROCESSING)
AT_BANK = ("succeeded", "processing")
LATER = 3600.0
"""Seconds: after these every lease has passed, and what was about to be mailed is due."""
EXIT_CODES = frozenset({0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 130})
"""Those with a name; 1 is what nobody expected."""
PAYERS = ("ann", "bob", "cid", "dora", "eve", "fay")
"""Contacts of C-1, besides `payer`."""
HANGS_AFTER = 120.0


@dataclass(frozen=True)
class Run:
    """How a command ended. `exit_code` is negative for a signal; `events`, when they were asked
    for, are the steps it took; `calls` those that the shim counted."""

    exit_code: int
    stdout: str
    stderr: str
    events: list[str]
    calls: int

    @property
    def killed(self) -> bool:
        """By a signal, at which nothing is left to be said."""
        return self.exit_code < 0

    @property
    def json(self) -> Any:
        assert self.exit_code == 0, self.stderr
        return json.loads(self.stdout)

    @property
    def error(self) -> str:
        """The error's code, where it was run with --json."""
        return str(json.loads(self.stderr.splitlines()[-1])["error"]["code"])


class Warm:
    """The server of warm processes (warm.py). Every `Line` to it runs one command at a time."""

    def __init__(self, folder: Path, shim: Path | None) -> None:
        self._socket = folder / "warm"
        environment = {
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(["src", "."]),
            **({"LD_PRELOAD": str(shim)} if shim else {}),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.proofs.crash.warm", str(self._socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == b"ready\n"

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(HANGS_AFTER)
        connection.connect(str(self._socket))
        return connection

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()  # with which it ends
        self._process.stdout.close()
        self._process.wait(HANGS_AFTER)


class Line:
    """A connection to the warm server."""

    def __init__(self, warm: Warm) -> None:
        self._warm = warm
        self._connection = warm.connect()
        self._lines = self._connection.makefile("rw")

    def run(
        self, folder: Path, command: Sequence[str], environment: Mapping[str, str], **more: Any
    ) -> Run:
        asked = {"command": list(command), "folder": str(folder), "environment": dict(environment)}
        self._lines.write(json.dumps(asked | more) + "\n")
        self._lines.flush()
        return Run(**json.loads(self._lines.readline()))

    @contextmanager
    def bank(self, folder: Path) -> Iterator[Bank]:
        """`invoicepay sandbox serve` for the ledger in `folder`, in a process of its own."""
        with self._warm.connect() as connection, connection.makefile("rw") as lines:
            command = ["sandbox", "serve", "--port", "0"]
            environment = {"INVOICEPAY_LEDGER": str(folder / "ledger.db"), "HOME": str(folder)}
            asked = {"command": command, "folder": str(folder), "environment": environment}
            lines.write(json.dumps(asked | {"serve": True}) + "\n")
            lines.flush()
            process = int(lines.readline())
            key_file = ""
            try:
                url = lines.readline().strip()
                key_file = f"{folder}/ledger.db{BANK}.{url.rpartition(':')[2]}.key"
                yield Bank(url, Path(key_file).read_text().strip())
            finally:
                os.kill(process, signal.SIGKILL)
                said = json.loads(lines.readline())["stderr"]
            assert said == f"Its key is in {key_file}.\n", said

    def close(self) -> None:
        self._lines.close()
        self._connection.close()


@dataclass(frozen=True)
class Bank:
    """What the bank says, without any code of ours in between."""

    url: str
    key: str

    def intents(self) -> list[dict[str, Any]]:
        return self._listed("payment_intents")

    def customers(self) -> list[str]:
        """Our numbers of them, of each as often as it is there."""
        return [str(c["metadata"]["invoicepay_customer"]) for c in self._listed("customers")]

    def _listed(self, what: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"has_more": True, "data": []}
        while page["has_more"]:
            after = f"&starting_after={page['data'][-1]['id']}" if page["data"] else ""
            request = urllib.request.Request(
                f"{self.url}/v1/{what}?limit=100{after}",
                headers={"Authorization": f"Bearer {self.key}"},
            )
            with urllib.request.urlopen(request, timeout=HANGS_AFTER) as answer:
                page = json.load(answer)
            found += page["data"]
        return found

    def charges(self) -> dict[str, int]:
        """What has been charged, or is being charged: minor units by intent."""
        return {i["id"]: i["amount"] for i in self.intents() if i["status"] in AT_BANK}


@dataclass
class Place:
    """A copy of the company, to be hurt. `with` it has its bank."""

    folder: Path
    line: Line
    with_bank: bool = True
    runs: list[Run] = field(default_factory=list)

    @classmethod
    def copy(cls, start: Path, folder: Path, line: Line, *, bank: bool = True) -> Self:
        shutil.copytree(start, folder)
        return cls(folder, line, bank)

    def __enter__(self) -> Self:
        config = 'ledger = "ledger.db"\n'
        if self.with_bank:
            self._serving = self.line.bank(self.folder)
            self.bank = self._serving.__enter__()
            config += f'[sandbox]\nurl = "{self.bank.url}"\n'
        (self.folder / "config.toml").write_text(config)
        return self

    def __exit__(self, *error: Any) -> None:
        if self.with_bank:
            self._serving.__exit__(*error)

    def environment(self, who: str) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(self.folder.parent),
            "INVOICEPAY_CONFIG": str(self.folder / "config.toml"),
            "INVOICEPAY_TOKEN": who,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }

    def run(self, *command: str, who: str = "payer", line: Line | None = None, **more: Any) -> Run:
        """`invoicepay COMMAND` as `who`; `more`: see warm.Asked."""
        done = (line or self.line).run(self.folder, command, self.environment(who), **more)
        self.runs.append(done)
        assert "Traceback" not in done.stderr, done.stderr
        assert "locked" not in done.stderr, done.stderr
        assert done.killed or done.exit_code in EXIT_CODES, done
        return done

    def sync(self, **more: Any) -> Run:
        """`sync` of finance, when every lease has passed, even of a run that was ahead."""
        return self.run("sync", "--json", who="finance", ahead=2 * LATER, **more)

    def advance(self, by: str) -> None:
        assert self.run("sandbox", "clock", "advance", by).exit_code == 0

    # --- What is there ------------------------------------------------------------------------

    @property
    def path(self) -> Path:
        return self.folder / "ledger.db"

    def payments(self) -> tuple[Payment, ...]:
        return read_ledger(self.path).payments

    def invoice(self, number: str) -> Invoice:
        return read_ledger(self.path).invoices[number]

    def method(self, last4: str) -> str:
        with closing(sqlite3.connect(self.path)) as db:
            return str(db.execute("SELECT id FROM methods WHERE last4 = ?", [last4]).fetchone()[0])

    def leftovers(self) -> list[str]:
        """Temporary files that nobody has taken away."""
        return [
            str(path.relative_to(self.folder))
            for path in self.folder.rglob(".*")
            if path.is_file() and BANK not in path.name
        ]

    # --- What must be true --------------------------------------------------------------------

    def assert_sound(self, where: str) -> Found:
        """The file is whole and the books balance."""
        found = read_ledger(self.path)
        assert found.wrong == [], (where, found.wrong)
        return found

    def assert_repaired(self, where: str) -> Found:
        """Sync, twice; then money, books and mail are as they should be, whatever happened."""
        first, second = self.sync(events=-1), self.sync()
        assert (first.exit_code, second.exit_code) == (0, 0), (where, first, second)
        found = self.assert_sound(where)
        assert found.waiting == [], where
        assert mails_in(self.folder) == Counter(found.owed), where
        if self.with_bank:
            here = {p.gateway_id: p.amount_minor for p in found.payments if p.status in CHARGED}
            intents = self.bank.intents()
            assert {i["id"]: i["amount"] for i in intents if i["status"] in AT_BANK} == here, where
            # Nor is there one that could still be charged.
            assert {i["status"] for i in intents} <= {*AT_BANK, "canceled"}, where
        return found


@dataclass(frozen=True)
class Found:
    """What is in a ledger's file."""

    wrong: list[str]
    """What SQLite, the books, or nobody's money says against it."""
    payments: tuple[Payment, ...]
    invoices: dict[str, Invoice]
    waiting: list[str]
    owed: list[str]


def read_ledger(path: Path) -> Found:
    ledger = SqliteLedger(path)
    try:
        wrong = ledger.integrity()
        with ledger.read() as unit:
            wrong += [str(difference) for difference in unit.books.differences()]
            payments = unit.payments.page(PaymentFilter(), EVERYTHING).items
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                numbers = [row[0] for row in db.execute("SELECT number FROM invoices")]
                owed = [row[0] for row in db.execute("SELECT message_id FROM outbox")]
            invoices = {n: i for n in numbers if (i := unit.invoices.get(n, EVERYTHING))}
            waiting = [mail.message_id for mail in unit.outbox.owed(EVERYTHING)]
    finally:
        ledger.close()
    reserved = sum(invoice.reserved_minor for invoice in invoices.values())
    under_way = [p for p in payments if p.status not in FINAL]
    held = sum(a.amount_minor for p in under_way for a in p.allocations)
    if reserved != held:
        wrong.append(f"{reserved} reserved, {held} under way")
    return Found(wrong, tuple(payments), invoices, waiting, owed)


def create_company(folder: Path) -> Path:
    """The company that is copied for each case: customers, invoices, people, and methods at a
    bank that stands beside it. Nothing is running."""
    company = folder / "company"
    company.mkdir()
    with SandboxServer(company / f"ledger.db{BANK}") as server:
        opened = open_copy(
            make_template(folder),
            company,
            lambda clock: StripeGateway(server.key, livemode=False, base_address=server.url),
        )
        for name in PAYERS:
            add_contact(opened, name, Role.CUSTOMER, "C-1")
        opened.ledger.close()
    return company


def mails_in(folder: Path) -> Counter[str]:
    """Message-IDs in the outbox's folder."""
    files = folder.glob("outbox/*.eml")
    return Counter(str(message_from_bytes(f.read_bytes())["Message-ID"])[1:-1] for f in files)


def said_payment(text: str) -> str:
    """The id of the payment that a command has printed; empty when it has printed none."""
    found = re.search(r'"id": "([0-9a-f-]{36})"', text)
    return found[1] if found else ""
