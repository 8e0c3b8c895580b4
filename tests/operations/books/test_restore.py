"""A backup that was put in place: nobody is logged in, no receipt number comes twice, and nobody
pays until what came after the backup is in the ledger again."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from invoicepay.billing.customer import Contact, Role, Session
from invoicepay.billing.errors import InvoicepayError, NotAllowed, Refused, Usage
from invoicepay.ledger.records import RECORDS
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.app import App
from invoicepay.operations.books.journal import ListJournal
from invoicepay.operations.books.restore import (
    RECEIPTS_APART,
    ConfirmRestore,
    Restore,
    Restored,
    ShowRestore,
    restore,
)
from invoicepay.operations.identity.contacts import DisableContact
from invoicepay.operations.identity.secret_hash import code_hash, secret_hash
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.sync import Sync
from tests.operations.payments.protocol.test_journaled import journal
from tests.proofs.faults.damage import force, overwrite
from tests.world.clock import START
from tests.world.company import SmallCompany, make_template
from tests.world.scripted_gateway import Fault, ScriptedGateway
from tests.world.told import change, told

CHEQUE = """\
reference,customer,received_on,method_type,currency,amount,invoice,applied
777,C-1,2026-10-30,check,USD,75.25,INV-3,75.25
"""


@pytest.fixture
def backup(company: SmallCompany) -> Path:
    """Made before anything was paid."""
    path = company.ledger.path.with_name("saved.db")
    company.ledger.backup(path)
    company.clock.move(hours=1)
    return path


def logged_in(company: SmallCompany) -> tuple[App, App]:
    """New sessions of payer and finance."""
    now, secrets = company.clock.now(), [str(uuid.uuid4()) for _ in range(2)]
    with company.ledger.write() as unit:
        for name, secret in zip(("payer", "finance"), secrets, strict=True):
            far = now + timedelta(days=3650)
            hashed = secret_hash(secret)
            unit.sessions.add(Session(secret, "session", name, hashed, now, far, 10**9, now))
    payer, finance = (App(company, partial(str, secret)) for secret in secrets)
    return payer, finance


def pay(app: App, number: str) -> None:
    plan = app.call(Quote(numbers=(number,), method="card")).plan
    assert plan is not None
    app.call(Pay(plan))


def refusal(app: App, number: str) -> str:
    with pytest.raises(Refused) as error:
        pay(app, number)
    return error.value.code


def test_nobody_pays_until_it_has_synced_and_finance_has_confirmed(
    company: SmallCompany, gateway: ScriptedGateway, backup: Path, tmp_path: Path
) -> None:
    forgotten = company.pay("INV-1", method="card")
    cheque = tmp_path / "cheque.csv"
    cheque.write_text(CHEQUE)
    company.finance.call(ImportRecords("payments", str(cheque)))

    company.finance.call(Restore(backup))

    payer, finance = logged_in(company)
    assert refusal(payer, "INV-3") == "restored_not_confirmed"  # the cheque has paid it
    with pytest.raises(Refused) as too_early:
        finance.call(ConfirmRestore())
    assert too_early.value.code == "restored_not_confirmed"
    list(finance.call(Sync()))
    assert company.payment(forgotten.id).status == "succeeded"
    assert refusal(payer, "INV-3") == "restored_not_confirmed"
    finance.call(ImportRecords("payments", str(cheque)))
    confirmed = finance.call(ConfirmRestore())
    assert confirmed is not None
    assert confirmed.since == START
    assert finance.call(ShowRestore()) is None
    assert refusal(payer, "INV-3") == "already_paid"
    pay(payer, "INV-2")
    assert len(gateway.charges) == 2


def test_a_plan_that_was_quoted_before_is_refused_by_the_claim(
    company: SmallCompany, gateway: ScriptedGateway, backup: Path
) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    company.finance.call(Restore(backup))
    payer, _ = logged_in(company)
    with pytest.raises(Refused) as error:
        payer.call(Pay(plan))
    assert error.value.code == "restored_not_confirmed"
    assert gateway.charges == []


def test_a_sync_that_did_not_come_to_its_end_does_not_count(
    company: SmallCompany, gateway: ScriptedGateway, backup: Path
) -> None:
    company.finance.call(Restore(backup))
    payer, finance = logged_in(company)
    gateway.fail_next("intents", Fault.NOT_SENT)
    list(finance.call(Sync()))
    list(payer.call(Sync()))  # sees its own payments only
    with pytest.raises(Refused):
        finance.call(ConfirmRestore())
    list(finance.call(Sync()))
    assert finance.call(ConfirmRestore())
    assert finance.call(ConfirmRestore()) is None


def test_the_first_sync_that_came_to_its_end_is_journaled(
    company: SmallCompany, backup: Path
) -> None:
    company.finance.call(Restore(backup))
    _, finance = logged_in(company)

    for _ in range(2):
        list(finance.call(Sync()))

    ledger_id = company.ledger.identity().id
    assert journal(company, "restore.synced") == [
        ("restore.synced", ledger_id, "sync", {"since": START.isoformat()})
    ]


def test_a_script_does_not_confirm(company: SmallCompany, backup: Path) -> None:
    company.finance.call(Restore(backup))
    _, finance = logged_in(company)
    list(finance.call(Sync()))
    change(company.ledger.path, "UPDATE sessions SET kind = 'token'")
    with pytest.raises(NotAllowed):
        finance.call(ConfirmRestore())


def test_sessions_tokens_and_codes_end(company: SmallCompany, backup: Path) -> None:
    with company.ledger.write() as unit:
        unit.contacts.put(Contact("new", "new@one.example", "New", Role.CUSTOMER, ("C-1",)))
        told(unit)
        unit.contacts.add_invite("new", code_hash("code"), START + timedelta(days=9))
    with_invite = backup.with_name("with invite.db")
    company.ledger.backup(with_invite)

    done = company.finance.call(Restore(with_invite))

    assert done.sessions_ended == 3
    for app in (company.payer, company.stranger, company.finance):
        with pytest.raises(NotAllowed) as error:
            app.call(ShowRestore())
        assert error.value.code == "session_expired"
    with company.ledger.write() as unit:
        assert unit.contacts.take_invite(code_hash("code"), START) is None


def test_who_was_disabled_since_is_named(company: SmallCompany, backup: Path) -> None:
    company.finance.call(DisableContact("stranger@example.com"))
    done = company.finance.call(Restore(backup))
    assert done.wider_rights == ("stranger@example.com",)


def test_who_was_disabled_since_is_named_until_it_is_confirmed(
    company: SmallCompany, backup: Path
) -> None:
    company.finance.call(DisableContact("stranger@example.com"))
    company.finance.call(Restore(backup))
    _, finance = logged_in(company)
    assert finance.call(Restore(backup)).wider_rights == ("stranger@example.com",)
    _, finance = logged_in(company)
    waiting = finance.call(ShowRestore())
    assert waiting is not None
    assert waiting.wider_rights == ("stranger@example.com",)


def test_who_acted_for_fewer_customers_since_is_named(company: SmallCompany, backup: Path) -> None:
    with company.ledger.write() as unit:
        payer = unit.contacts.by_email("payer@example.com")
        assert payer is not None
        unit.contacts.put(replace(payer, customers=()))
        told(unit)

    assert company.finance.call(Restore(backup)).wider_rights == ("payer@example.com",)


def test_a_receipt_number_that_can_be_none_is_passed_over(
    company: SmallCompany, backup: Path
) -> None:
    paid = company.pay("INV-1", method="card")
    with company.ledger.write() as unit:
        unit._connection.execute(
            "UPDATE payments SET receipt = 9223372036854775807 WHERE id = ?", [paid.id]
        )
        told(unit)

    done = company.finance.call(Restore(backup))

    assert (done.guessed, done.receipts_from) == (True, 10_001)


def test_the_journal_says_what_was_done(company: SmallCompany, backup: Path) -> None:
    done = company.finance.call(Restore(backup))
    _, finance = logged_in(company)
    (entry,) = finance.call(ListJournal(kind="ledger.restored")).items
    assert entry.actor == "finance@example.com"
    assert entry.data["head"] == str(done.head)
    assert entry.data["since"] == START.isoformat()
    company.assert_books_balance()


class TestReceiptNumbers:
    def number_after(self, company: SmallCompany) -> str:
        _, finance = logged_in(company)
        list(finance.call(Sync()))
        finance.call(ConfirmRestore())
        payer, _ = logged_in(company)
        plan = payer.call(Quote(numbers=("INV-2",), method="card")).plan
        assert plan is not None
        return payer.call(Pay(plan)).receipt_number

    def test_go_on_from_those_that_the_replaced_ledger_gave(
        self, company: SmallCompany, backup: Path
    ) -> None:
        company.pay("INV-1", method="card")
        change(company.ledger.path, "UPDATE payments SET receipt = 7")
        done = company.finance.call(Restore(backup))
        assert (done.receipts_from, done.guessed) == (8, False)
        # The charge that was forgotten gets a new one.
        assert self.number_after(company) == "R-000009"

    def test_go_far_on_where_that_cannot_be_read(self, company: SmallCompany, backup: Path) -> None:
        company.pay("INV-1", method="card")
        company.ledger.close()
        overwrite(company.ledger.path, 1, bytes(4096))
        done = restore(Restore(backup), None, company)
        assert (done.receipts_from, done.guessed) == (1 + RECEIPTS_APART, True)
        assert self.number_after(company) == f"R-{2 + RECEIPTS_APART:06d}"

    def test_go_on_from_where_finance_says(self, company: SmallCompany, backup: Path) -> None:
        company.pay("INV-1", method="card")
        with pytest.raises(Usage):
            company.finance.call(Restore(backup, receipts_from=1))
        done = company.finance.call(Restore(backup, receipts_from=500))
        assert (done.receipts_from, done.guessed) == (500, False)

    def test_never_go_back_however_often_it_is_restored(
        self, company: SmallCompany, backup: Path
    ) -> None:
        company.finance.call(Restore(backup, receipts_from=500))
        _, finance = logged_in(company)
        done: Restored = finance.call(Restore(backup))
        assert done.receipts_from == 500


class TestWhatIsRefused:
    @pytest.fixture
    def before(self, company: SmallCompany) -> bytes:
        company.finance.call(ShowRestore())  # notes that the session is in use
        company.ledger.close()
        return company.ledger.path.read_bytes()

    def refused(self, company: SmallCompany, backup: Path, before: bytes) -> InvoicepayError:
        with pytest.raises(InvoicepayError) as error:
            company.finance.call(Restore(backup))
        assert str(backup) in error.value.message
        assert company.ledger.path.read_bytes() == before
        names = {path.name for path in company.ledger.path.parent.iterdir()}
        assert not [name for name in names if name.startswith(".") or "replaced" in name]
        return error.value

    def test_a_backup_of_another_ledger(
        self, company: SmallCompany, before: bytes, tmp_path: Path
    ) -> None:
        (tmp_path / "x").mkdir()
        other = make_template(tmp_path / "x")
        force(other, "UPDATE ledger SET id = 'another'", "DELETE FROM journal")
        journal_anew(other)
        assert self.refused(company, other, before).code == "other_ledger"
        done = company.finance.call(Restore(other, other_ledger=True))
        assert done.identity.id == "another"
        assert done.guessed

    @pytest.mark.parametrize(
        ("statement", "code"),
        [
            ("UPDATE invoices SET memo = 'x' WHERE number = 'INV-1'", "journal_differs"),
            ("UPDATE invoices SET reserved_minor = 1 WHERE number = 'INV-1'", "books_differ"),
            ("UPDATE invoices SET customer_id = 99 WHERE number = 'INV-1'", "ledger_damaged"),
            ("DELETE FROM ledger", "journal_differs"),
            ("UPDATE company SET time_zone = NULL", "ledger_damaged"),
        ],
    )
    def test_one_that_does_not_verify(
        self, company: SmallCompany, backup: Path, before: bytes, statement: str, code: str
    ) -> None:
        force(backup, statement)
        assert self.refused(company, backup, before).code == code

    @pytest.mark.parametrize(
        ("content", "code"),
        [(None, "ledger_missing"), (b"", "ledger_unusable"), (b"diary" * 999, "ledger_unusable")],
    )
    def test_what_is_none(
        self, company: SmallCompany, before: bytes, content: bytes | None, code: str
    ) -> None:
        path = company.ledger.path.with_name("diary")
        if content is not None:
            path.write_bytes(content)
        assert self.refused(company, path, before).code == code


def journal_anew(path: Path) -> None:
    """Every row, as another ledger's own."""
    ledger = SqliteLedger(path)
    with ledger.write() as unit:
        for record in RECORDS:
            unit._connection.execute(
                f"INSERT INTO temp.untold SELECT '{record.name}', {record.key}, NULL "
                f"FROM {record.table}"
            )
        unit.journal.append("test", "", "", START, {})
    ledger.close()
