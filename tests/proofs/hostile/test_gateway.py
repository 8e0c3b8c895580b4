"""Hostile text to and from the gateway: the real SDK, over HTTP, against a bank that says
anything."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from invoicepay.sandbox import dispatch
from invoicepay.sandbox.server import SandboxServer
from invoicepay.sandbox.wire import Answer
from tests.proofs.hostile.checks import assert_ended_well, assert_harmless, assert_refused, rows_of
from tests.proofs.hostile.conftest import typed
from tests.proofs.hostile.strings import FAMILIES, HOSTILE, STORABLE
from tests.world.child import run, run_each
from tests.world.program import DECLINES, DemoCompany

TEXTS = list(HOSTILE.values())
SAID = {"message", "decline_code", "code", "brand", "bank_name", "last4", "network_decline_code",
        "display_brand", "reason", "seller_message", "doc_url", "param", "type"}  # fmt: skip


@dataclass
class HostileBank:
    """What it says in place of each text for people; a new one for each thing that is made."""

    texts: list[str]
    fields: set[str] = field(default_factory=lambda: SAID - {"type"})
    said: list[str] = field(default_factory=list)

    def rewrite(self, answer: Answer, next_text: bool) -> Answer:
        if next_text:
            self.said.append(self.texts[len(self.said) % len(self.texts)])
        if not self.said:
            return answer
        document = self._with(json.loads(answer.text), self.said[-1])
        return replace(answer, text=json.dumps(document))

    def _with(self, value: Any, text: str) -> Any:
        if isinstance(value, dict):
            return {
                name: text
                if name in self.fields and isinstance(inner, str)
                else self._with(inner, text)
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self._with(inner, text) for inner in value]
        return value


@pytest.fixture
def bank(company: DemoCompany, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileBank]:
    """The company's own practice bank, in this process, with a loose tongue."""
    bank, handle = HostileBank(TEXTS), dispatch.handle

    def hostile_handle(db: Any, request: Any, fault: str | None = None) -> Answer:
        makes = request.path.endswith("/attach") or (
            request.method == "POST" and request.path == "/v1/payment_intents"
        )
        return bank.rewrite(handle(db, request, fault), makes)

    monkeypatch.setattr(dispatch, "handle", hostile_handle)
    with SandboxServer(company.sandbox) as server:
        key = company.folder / "bank.key"
        key.touch(0o600)
        key.write_text(server.key)
        at = f'[sandbox]\nurl = "{server.url}"\nkey_file = "{key.name}"\n'
        for config in company.folder.glob("*.toml"):
            config.write_text(config.read_text() + at)
        yield bank


def test_a_decline_in_any_words(company: DemoCompany, bank: HostileBank) -> None:
    """It is declined, it is final, it is told in one line, and what is told is what is kept."""
    bank.fields -= {"last4", "brand"}
    bank.texts = [*TEXTS[::9], *FAMILIES["not characters"].values()]
    pay = ["pay", "INV-1042", "--method", company.method(DECLINES), "--yes"]
    for said in run_each(company, [pay] * len(bank.texts)):
        assert_refused(said, [3])
    listed = run(company, "payments", "list", "--status", "failed", "--json")
    assert_ended_well(listed)
    failures = json.loads(listed.stdout)
    assert len(failures) >= len(bank.texts)
    for failure in failures:
        assert_harmless(failure["failure_message"] + failure["failure_code"])
        assert len(failure["failure_message"]) <= 500
    assert rows_of(run(company, "payments", "list", "--format", "csv").stdout)
    owed = json.loads(run(company, "invoices", "show", "INV-1042", "--json").stdout)
    assert owed["payable_minor"] == owed["balance_minor"] > 0


def test_a_refusal_in_any_words(company: DemoCompany, bank: HostileBank) -> None:
    bank.texts = TEXTS[1::2]
    attach = ["sandbox", "attach", "pm_nothing", "--customer", "C-1007", "--format"]
    formats = [("table", "json", "csv")[at % 3] for at in range(0, len(TEXTS), 2)]
    for said in run_each(company.as_("admin"), [[*attach, format] for format in formats]):
        assert_ended_well(said, [10])
        assert said.stderr.count("\n") == 1
    assert len(bank.said) == len(formats)


def test_a_card_of_any_brand(company: DemoCompany, bank: HostileBank) -> None:
    bank.texts = [*TEXTS[1::9], *FAMILIES["not characters"].values()]
    tokens = ["pm_card_visa", "pm_usBankAccount_success"]
    attach = [
        ["sandbox", "attach", tokens[i % 2], "--customer", "C-1007"] for i in range(len(bank.texts))
    ]
    for said in run_each(company.as_("admin"), attach):
        assert_ended_well(said)
        assert said.stdout.count("\n") == 1
    methods = json.loads(run(company, "methods", "list", "--json").stdout)
    assert len(methods) >= len(bank.texts)
    for method in methods:
        assert len(method["last4"]) <= 4
        for name in ("id", "label", "brand", "last4"):
            assert_harmless(method[name])


def test_customers_of_any_number_reach_the_gateway_and_are_found_again(
    foreign_copy: DemoCompany,
) -> None:
    short = [text for text in STORABLE.values() if len(text) <= 64]  # as files may have them
    numbers = typed([*short[::4], *FAMILIES["scripts"].values()])
    attach = [["sandbox", "attach", "pm_card_visa", f"--customer={number}"] for number in numbers]
    for said in run_each(foreign_copy.as_("admin"), attach):
        assert_ended_well(said)
    made = ids_at_gateway(foreign_copy)
    assert len(made) >= len(set(numbers))

    foreign_copy.edit("UPDATE customers SET gateway_id = ''")
    for said in run_each(foreign_copy.as_("admin"), attach):
        assert_ended_well(said)
    assert ids_at_gateway(foreign_copy) <= made


def ids_at_gateway(company: DemoCompany) -> set[str]:
    with closing(sqlite3.connect(company.ledger)) as ledger:
        rows = ledger.execute("SELECT gateway_id FROM customers WHERE gateway_id <> ''")
        return {gateway_id for (gateway_id,) in rows}


@pytest.mark.parametrize("account", ["", "acct_\x1b[31m", "acct_1Ab2"])
def test_a_refusal_of_the_account_in_any_words(
    company: DemoCompany, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    """What it names is shown and typed, so only an id is taken from it."""
    texts = iter([f"{text} {account}" for text in TEXTS])
    handle = dispatch.handle

    def refusing(db: Any, request: Any, fault: str | None = None) -> Answer:
        if request.path != "/v1/account":
            return handle(db, request, fault)
        error = {"type": "invalid_request_error", "message": next(texts)}
        return Answer(403, json.dumps({"error": error}))

    monkeypatch.setattr(dispatch, "handle", refusing)
    company.edit(
        "DROP TRIGGER ledger_is_for_good",
        "UPDATE ledger SET gateway_account = ''",
        "DROP TRIGGER payments_stay",
        "PRAGMA foreign_keys = OFF",
        "UPDATE customers SET gateway_id = ''",
        "UPDATE payments SET gateway_id = ''",
    )
    with SandboxServer(company.sandbox) as server:
        key = company.folder / "bank.key"
        key.touch(0o600)
        key.write_text(server.key)
        at = f'[sandbox]\nurl = "{server.url}"\nkey_file = "{key.name}"\n'
        for config in company.folder.glob("*.toml"):
            config.write_text(config.read_text() + at)
        commands = [["sandbox", "attach", "pm_card_visa", "--customer=C-1007", "--json"]]
        for said in run_each(company.as_("admin"), commands * 40):
            assert_ended_well(said, [10])
            assert_harmless(said.stderr)
            found = json.loads(said.stderr)["error"]
            assert found["code"] == "account_unknown"
            command = found["hint"].partition("`")[2].partition("`")[0]
            named = "acct_1Ab2" if account == "acct_1Ab2" else "ID"
            assert command == f"invoicepay config stripe --account {named}"


def test_labels_of_methods(company: DemoCompany) -> None:
    labels = [text for text in STORABLE.values() if text and "\0" not in text][::4]
    attach = [
        ["sandbox", "attach", "pm_card_visa", "--customer=C-1007", f"--label={label}"]
        for label in labels
    ]
    for said in run_each(company.as_("admin"), attach):
        assert_ended_well(said, (0, 8))
