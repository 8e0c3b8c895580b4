"""Whether time tells what words do not: another's things beside things that are not there, and a
wrong password beside an unknown e-mail.

    python -m benchmarks.bench_scope

Each line has three works in turns, and two ratios of their times: the foreign one to the absent
one, and a second absent one to the first, which is what the machine's own noise looks like. The
first ratio should be told apart from 1 no better than the second.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.bench_startup import INVOICEPAY, Environment, compile_all, hermetic
from benchmarks.measure import line, milliseconds, ratio, take_turns
from invoicepay.billing.customer import Actor, Role, Scope
from invoicepay.billing.errors import NotAllowed, NotFound
from invoicepay.billing.invoice import InvoiceFilter
from invoicepay.operations.identity.login import LogIn, log_in
from invoicepay.operations.invoices import ListInvoices, ShowInvoice, list_invoices, show_invoice
from invoicepay.operations.methods import RemoveMethod, remove_method
from invoicepay.operations.payments.find import ShowPayment, show_payment
from invoicepay.operations.payments.quote import Quote, quote
from invoicepay.settings import load_settings
from invoicepay.wiring.local import Local

CALLS, CALL_ROUNDS = 20, 101
COMMAND_ROUNDS, LOGIN_ROUNDS = 15, 21
MANY = 1_000
"""Customers that a contact acts for; none of them is whose things are asked for."""
NO_PAYMENT = "00000000-0000-4000-8000-000000000000"
Names = tuple[str, str, str]
"""Another's, and two that do not exist."""


def main() -> None:
    compile_all()
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = hermetic(folder)
        made = run([INVOICEPAY, "demo", "--dir", str(folder / "demo"), "--json"], environment)
        told = json.loads(made.stdout)
        local = Local(load_settings(config=Path(told["config"]), ledger=None, environ={}))
        names = things(Path(told["ledger"]))
        print(f"{'':<42}{'absent':>16}  {'another/absent':<18}noise: absent/absent")
        for customers in (1, MANY):
            calls(local, names, customers)
        commands(environment, names)
        logins(local, told["logins"][0]["email"])
        local.ledger.close()


def run(
    command: list[str], environment: Environment, stdin: str = ""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, env=environment, input=stdin.encode(), capture_output=True, check=False
    )


def things(ledger: Path) -> Mapping[str, Names]:
    """What is not C-1007's, whose contact the demo leaves logged in. Only C-1007 has methods; to
    the askers of `calls` they are another's."""
    with closing(sqlite3.connect(ledger)) as db:

        def one(query: str) -> str:
            (found,) = db.execute(query).fetchone()
            return str(found)

        others = "FROM customers c JOIN {} x ON x.customer_id = c.id WHERE c.number <> 'C-1007'"
        return {
            "customer": ("C-1002", "C-9998", "C-9999"),
            "invoice": (
                one(f"SELECT x.number {others.format('invoices')}"),
                "INV-9998",
                "INV-9999",
            ),
            "payment": (
                one(f"SELECT x.id {others.format('payments')}"),
                NO_PAYMENT,
                NO_PAYMENT[:-1] + "1",
            ),
            "method": (one("SELECT id FROM methods"), "card-4242-00000000", "card-4242-00000001"),
        }


# --- In one process ---------------------------------------------------------------------------


def calls(local: Local, names: Mapping[str, Names], customers: int) -> None:
    """The verbs, for somebody who acts for so many customers."""
    scope = Scope(frozenset(f"X-{number}" for number in range(customers)))
    actor = Actor("nobody", "nobody@example.com", Role.CUSTOMER, scope, "")
    verbs: Mapping[str, tuple[str, Callable[[str], object]]] = {
        "show an invoice": ("invoice", lambda n: show_invoice(ShowInvoice(n), actor, local)),
        "show a payment": ("payment", lambda n: show_payment(ShowPayment(n), actor, local)),
        "show a payment by 8 digits": (
            "payment",
            lambda n: show_payment(ShowPayment(n[:8]), actor, local),
        ),
        "remove a method": ("method", lambda n: remove_method(RemoveMethod(n), actor, local)),
        "list a customer's invoices": (
            "customer",
            lambda n: list_invoices(ListInvoices(InvoiceFilter(customer=n)), actor, local),
        ),
        "quote an invoice": ("invoice", lambda n: quote(Quote(numbers=(n,)), actor, local)),
    }
    for what, (kind, verb) in verbs.items():
        compare(f"{what}, scope of {customers:,}", names[kind], CALL_ROUNDS, many(verb))


def many(verb: Callable[[str], object]) -> Callable[[str], float]:
    def work(name: str) -> float:
        def again() -> None:
            for _ in range(CALLS):
                with suppress(NotFound):
                    verb(name)
                    raise AssertionError("it is there")

        return milliseconds(again, CALLS)

    return work


def compare(
    what: str, names: Names, rounds: int, work: Callable[[str], float], unit: str = "µs"
) -> None:
    """`work` takes a name, and returns milliseconds."""
    foreign, absent, floor = names
    taken = take_turns(
        {name: lambda name=name: work(name) for name in (foreign, absent, floor)},  # type: ignore[misc]
        rounds,
    )
    shown = median(taken[absent]) * (1000 if unit == "µs" else 1)
    noise = f"{ratio(taken[floor], taken[absent]):.3f}"
    line(
        what,
        f"{shown:.1f} {unit}",
        f"{ratio(taken[foreign], taken[absent]):.3f}" + " " * 13 + noise,
    )


# --- Whole commands ---------------------------------------------------------------------------


def commands(environment: Environment, names: Mapping[str, Names]) -> None:
    """As C-1007's contact types them."""
    for kind, words in (
        ("invoice", ["invoices", "show", "{}"]),
        ("invoice", ["invoices", "pdf", "{}"]),
        ("invoice", ["pay", "{}", "--yes"]),
        ("payment", ["payments", "receipt", "{}"]),
        ("customer", ["invoices", "list", "--customer", "{}"]),
    ):

        def work(name: str, words: list[str] = words) -> float:
            command = [INVOICEPAY, *(word.format(name) for word in words)]
            done: list[Any] = []
            taken = milliseconds(lambda: done.append(run(command, environment)))
            assert done[0].returncode == 5, done[0].stderr
            return taken

        compare(" ".join(words).format("…"), names[kind], COMMAND_ROUNDS, work, "ms")


# --- Logging in -------------------------------------------------------------------------------


def logins(local: Local, email: str) -> None:
    """A wrong password beside two e-mails that nobody has; what was counted is forgotten between
    them, since a refusal to look at all is quicker."""

    def work(name: str) -> float:
        with local.ledger.write() as unit:
            unit.sessions.clear_failures(name)

        def attempt() -> None:
            with suppress(NotAllowed):
                log_in(LogIn(name, "not the password"), None, local)

        return milliseconds(attempt)

    names = (email, "nobody@one.example", "nobody@two.example")
    compare("log in: wrong password, unknown e-mail", names, LOGIN_ROUNDS, work, "ms")


if __name__ == "__main__":
    main()
