"""Any order of payers, faults, kills, banks and settlers: one charge or none, books even."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from invoicepay.billing.errors import InvoicepayError, OutcomeUnknown, Refused, Unreachable
from invoicepay.billing.payment import FINAL, Payment, PaymentStatus
from invoicepay.billing.ports import IntentStatus, PaymentFilter
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.methods import ListMethods
from invoicepay.operations.payments.cancel import CancelPayment
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.sync import Sync
from tests.world.company import EVERYTHING, SmallCompany, make_template, open_copy
from tests.world.scripted_gateway import Fault, ScriptedGateway

NUMBERS = ("INV-1", "INV-2", "INV-3")
AT_BANK = (IntentStatus.SUCCEEDED, IntentStatus.PROCESSING)
_template: list[Path] = []


class Killed(BaseException):
    """Stands for SIGKILL."""


class Paying(RuleBasedStateMachine):
    """One customer's invoices, paid by whoever comes."""

    @initialize()
    def open_company(self) -> None:
        if not _template:
            _template.append(make_template(Path(tempfile.mkdtemp(prefix="invoicepay-"))))
        self.folder = Path(tempfile.mkdtemp(prefix="invoicepay-"))
        self.company: SmallCompany = open_copy(_template[0], self.folder)
        self.gateway: ScriptedGateway = self.company.gateway
        methods = self.company.call(ListMethods()).methods
        self.methods = [method.id for method in methods]
        self.cheques: dict[str, int] = dict.fromkeys(NUMBERS, 0)

    @rule(
        numbers=st.sets(st.sampled_from(NUMBERS), min_size=1),
        method=st.integers(0, 2),
        part=st.sampled_from(["", "10.00", "75.25"]),
        key=st.sampled_from(["", "", "a", "b"]),
        call=st.sampled_from(["create", "confirm", "cancel", "retrieve", "intents"]),
        what=st.sampled_from([None, None, "kill", *Fault]),
    )
    def pay(
        self, numbers: set[str], method: int, part: str, key: str, call: str, what: str | None
    ) -> None:
        def die(name: str) -> None:
            if name == call:
                raise Killed

        if what == "kill":
            self.gateway.before = die
        elif what is not None:
            self.gateway.fail_next(call, Fault(what))
        amounts = ((min(numbers), part),) if part else ()
        process = self.company.another_process()
        try:
            process.pay(*sorted(numbers), method=self.methods[method], amounts=amounts, key=key)
        except (Refused, Unreachable, Killed):
            pass
        finally:
            process.ledger.close()
            self.gateway.before = lambda name: None
            self.gateway.faults.clear()

    @rule(call=st.sampled_from(["retrieve", "cancel", "intents"]), fault=st.sampled_from(Fault))
    def sync_with_a_fault(self, call: str, fault: Fault) -> None:
        self.gateway.fail_next(call, fault)
        try:
            list(self.company.finance.call(Sync()))
        except Unreachable:
            pass
        finally:
            self.gateway.faults.clear()

    @rule()
    def sync(self) -> None:
        list(self.company.finance.call(Sync()))

    @rule(which=st.integers(0, 5))
    def cancel(self, which: int) -> None:
        payments = self._payments()
        if which < len(payments):
            with suppress(Refused, OutcomeUnknown):
                self.company.call(CancelPayment(payments[which].id))

    @rule(returned=st.booleans(), which=st.integers(0, 3))
    def bank_answers(self, returned: bool, which: int) -> None:
        at_bank = self._intents(IntentStatus.PROCESSING)
        if which < len(at_bank):
            self.gateway.bank_settles(at_bank[which], returned=returned)

    @rule()
    def late_calls_arrive(self) -> None:
        self.gateway.arrive_late()

    @rule()
    def time_passes(self) -> None:
        self.company.clock.time += LEASE

    @rule(number=st.sampled_from(NUMBERS), cents=st.integers(100, 9000))
    @precondition(lambda self: sum(self.cheques.values()) == 0)
    def a_cheque_arrives(self, number: str, cents: int) -> None:
        amount = f"{cents // 100}.{cents % 100:02d}"
        file = self.folder / f"{uuid.uuid4()}.csv"
        file.write_text(
            "reference,customer,received_on,method_type,currency,amount,invoice,applied\n"
            f"{file.stem},C-1,2026-11-02,check,USD,{amount},{number},{amount}\n"
        )
        payable = self.company.invoice(number).payable_minor
        try:
            self.company.finance.call(ImportRecords("payments", str(file)))
        except InvoicepayError:
            assert payable < cents
        else:
            assert payable >= cents
            self.cheques[number] += cents

    # --- What always holds ---

    @invariant()
    def books_balance(self) -> None:
        with self.company.ledger.read() as unit:
            assert unit.books.differences() == []

    @invariant()
    def no_invoice_is_charged_for_more_than_it_is(self) -> None:
        charged = dict(self.cheques)
        for intent in self.gateway.found.values():
            if intent.status in AT_BANK:
                for allocation in intent.allocations:
                    charged[allocation.invoice] += allocation.amount_minor
        for number, amount in charged.items():
            assert amount <= self.company.invoice(number).total_minor

    @invariant()
    def every_charge_has_its_payment_and_every_final_payment_its_reason(self) -> None:
        payments = {payment.id: payment for payment in self._payments()}
        for intent in self.gateway.found.values():
            payment = payments[intent.payment_id]
            if payment.status is PaymentStatus.SUCCEEDED:
                assert intent.status is IntentStatus.SUCCEEDED
            if payment.status in (PaymentStatus.FAILED, PaymentStatus.CANCELED):
                assert intent.status not in AT_BANK
                if payment.gateway_id:
                    assert intent.status is IntentStatus.CANCELED

    def teardown(self) -> None:
        if not hasattr(self, "company"):
            return
        self.late_calls_arrive()
        self.time_passes()
        self.sync()
        for intent in self._intents(IntentStatus.PROCESSING):
            self.gateway.bank_settles(intent)
        self.sync()
        payments = self._payments()
        assert all(payment.status in FINAL for payment in payments)
        assert all(self.company.invoice(number).reserved_minor == 0 for number in NUMBERS)
        received = {p.id for p in payments if p.status is PaymentStatus.SUCCEEDED and p.gateway_id}
        assert received == {intent.payment_id for intent in self.gateway.succeeded()}
        mails = [m.message_id for m in self.company.mailer.sent if ".received@" in m.message_id]
        assert len(mails) == len(set(mails)) == len(received)
        self.no_invoice_is_charged_for_more_than_it_is()
        self.company.assert_books_balance()
        self.company.ledger.close()
        shutil.rmtree(self.folder)

    def _payments(self) -> list[Payment]:
        with self.company.ledger.read() as unit:
            return list(unit.payments.page(PaymentFilter(), EVERYTHING).items)

    def _intents(self, status: IntentStatus) -> list[str]:
        return [i.id for i in self.gateway.found.values() if i.status is status]


TestPaying = Paying.TestCase
TestPaying.settings = settings(
    max_examples=60 * settings.default.max_examples // 100 if settings.default else 60,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
