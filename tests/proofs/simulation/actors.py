"""Those who use the program at the same time, and what happens around them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from invoicepay.billing.customer import Scope
from invoicepay.billing.errors import DoesNotTie, InvoicepayError, OutcomeUnknown
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import IntentStatus, PaymentFilter
from invoicepay.operations.app import App
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.mailing.deliver import SendMail
from invoicepay.operations.methods import RemoveMethod
from invoicepay.operations.payments.acknowledgements import AcknowledgePayments
from invoicepay.operations.payments.cancel import CancelPayment
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.protocol.compare import Comparison
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.sync import NotReconciled, Settled, Sync
from tests.proofs.simulation.schedule import Actor, Killed
from tests.proofs.simulation.wishes import History, Wish
from tests.proofs.simulation.world import PAYERS, Broken, World, ledger_of
from tests.world.company import SmallCompany

EVERYTHING = Scope(None)
SELECTIONS: tuple[tuple[str, ...], ...] = (
    ("INV-1",),
    ("INV-1", "INV-2"),
    ("INV-2",),
    ("INV-2", "INV-1", "INV-3"),
    ("INV-3",),
)
PATIENCE = (timedelta(0), LEASE, LEASE + timedelta(minutes=1), timedelta(days=1))
"""How long somebody waits before trying again."""
DAYS = 6
"""More than the overlap with which reconciling begins."""
PARTS = ("", "60.00", "40.00", "75.25")
METHODS = ("card", "bank", "bad card")
RAISED, LOWERED = 15000, 6000
"""What imports make of INV-1's total, in cents."""
_INVOICES = (
    "number,customer,issued_on,due_on,currency,total,voided_on\n"
    "INV-1,C-1,2026-10-01,2026-10-31,USD,"
)
_CHEQUES = "reference,customer,received_on,method_type,currency,amount,invoice,applied\n"
FILES = {
    "raise": ("invoices", f"{_INVOICES}150.00,\n"),
    "lower": ("invoices", f"{_INVOICES}60.00,\n"),
    "void": ("invoices", f"{_INVOICES}100.00,2026-11-01\n"),
    "cheque 1": ("payments", f"{_CHEQUES}K-1,C-1,2026-11-01,check,USD,100.00,INV-1,100.00\n"),
    "cheque 2": ("payments", f"{_CHEQUES}K-2,C-1,2026-11-01,check,USD,40.00,INV-1,40.00\n"),
}


def make_files(folder: Path) -> None:
    for name, (_, text) in FILES.items():
        (folder / f"{name}.csv").write_text(text)


class Cast:
    """Chooses who takes part in a run, and has them act."""

    def __init__(self, world: World) -> None:
        self._world, self._choices = world, world.choices
        self.restored = False
        self.skewed = False
        self.raised = False
        self.cheques: set[str] = set()
        """Files whose import was acknowledged."""
        self.history = History()
        self._count = 0

    @property
    def copied(self) -> bool:
        return len(self._world.machines) > 1

    def choose(self) -> None:
        choices = self._choices
        if choices.pick(2):
            self._add("wisher", self._wisher(self._world.machines[0]))
        else:
            self._add("payer", self._payer(self._world.machines[0]))
        kind = choices.pick(5)
        if kind == 3:
            self._add("machine room", self._back_up_and_restore)
        elif kind == 4:
            self._add("second machine", self._second_machine)
        kinds: tuple[tuple[str, Callable[[SmallCompany], Callable[[], None]]], ...] = (
            ("payer", self._payer),
            ("payer", self._payer),
            ("wisher", self._wisher),
            ("wisher", self._wisher),
            ("late calls", lambda machine: self._late_calls),
            ("finance", self._syncing),
            ("clock", self._clock),
            ("bank", lambda machine: self._bank),
            ("canceler", self._canceler),
            ("importer", self._importer),
            ("customer", self._customer_syncing),
            ("outage", lambda machine: self._outage),
            ("days", self._days),
            ("next year's gateway", lambda machine: self._odd_answers),
            ("stranger", self._stranger),
            ("remover", self._remover),
        )
        for _ in range(choices.pick(5)):
            name, make = choices.one_of(kinds)
            self._add(name, make(self._world.machines[0]))

    def _add(self, name: str, body: Callable[[], None]) -> None:
        self._count += 1
        self._world.schedule.add(Actor(f"{name} {self._count}", body))

    # --- Runs of the program --------------------------------------------------------------------

    def _run(self, what: str, act: Callable[[], Any]) -> Any:
        """One process from its start to its end, however that is; None when it was killed or
        said no."""
        world, actor = self._world, self._world.schedule.current
        assert actor is not None
        actor.alive, actor.confirmed = True, []
        world.note(f"starts: {what}")
        try:
            result = act()
        except Killed:
            world.note("is dead")
        except InvoicepayError as error:
            world.note(f"is told: {error.code} ({error.message})")
            world.count(f"told: {error.code}")
            _check_ties(error)
            return error
        except (AssertionError, GeneratorExit):
            raise
        except Exception as error:
            raise Broken(f"{type(error).__name__} leaves an operation", error) from error
        else:
            return result
        return None

    def _payer(self, machine: SmallCompany) -> Callable[[], None]:
        choices = self._choices
        numbers = choices.one_of(SELECTIONS, 0.5)
        method = self._world.template.methods[choices.one_of(METHODS, 0.4)]
        part = choices.one_of(PARTS, 0.5)
        key = choices.one_of(("", "a", "b"), 0.3)
        amounts = ((numbers[0], part),) if part else ()
        if key:  # a key stands for one content
            key = "-".join((key, *numbers, method, part))
        quote = Quote(numbers=numbers, method=method, amounts=amounts, key=key)
        return partial(self._paying, machine, quote, 1 + choices.pick(3))

    def _paying(self, machine: SmallCompany, quote: Quote, attempts: int) -> None:
        for _ in range(attempts):
            result = self._run(f"pay {quote}", partial(self._pay, machine, "payer", quote))
            if isinstance(result, Payment) and result.status is not PaymentStatus.UNKNOWN:
                return

    def _pay(self, machine: SmallCompany, contact: str, quote: Quote) -> Payment:
        """The command `pay`, as far as it calls operations."""
        actor = self._world.schedule.current
        assert actor is not None
        app = machine.contact(contact)
        try:
            quoted = app.call(quote)
            payment = quoted.existing or app.call(Pay(quoted.plan))  # type: ignore[arg-type]
        except OutcomeUnknown:
            raise
        except InvoicepayError as error:
            if actor.confirmed:
                raise Broken("told that nothing was charged after a confirm", error) from error
            if error.says_outcome:
                self._tell(app, contact, machine.payment(error.payment))
            raise
        self._check_told(payment)
        self._tell(app, contact, payment)
        return payment

    def _tell(self, app: App, contact: str, payment: Payment) -> None:
        """What the command does once it has shown a payment."""
        self.history.tell(contact, payment)
        if payment.outcome_known:
            app.call(AcknowledgePayments((payment.id,)))
        app.call(SendMail(payment.id))

    def _wisher(self, machine: SmallCompany) -> Callable[[], None]:
        """Somebody who wants one payment, and tries again until told that it was made."""
        choices, number = self._choices, len(self.history.wishes)
        contact = tuple(PAYERS)[number % len(PAYERS)]
        invoice = "INV-9" if PAYERS[contact] == "C-2" else choices.one_of(("INV-2", "INV-1"))
        wish = Wish(contact, invoice, 2001 + number)
        self.history.wishes.append(wish)
        method = "other card" if PAYERS[contact] == "C-2" else choices.one_of(METHODS[:2], 0.5)
        quote = Quote(
            numbers=(invoice,),
            method=self._world.template.methods[method],
            amounts=((invoice, str(Decimal(wish.amount_minor) / 100)),),
            key=choices.one_of(("", f"wish-{number}"), 0.6),
            allow_pending=choices.pick(4) == 3,
        )
        if quote.key:
            self.history.keyed[wish] = quote
        return partial(self._wishing, machine, wish, quote, 1 + choices.pick(5))

    def _wishing(self, machine: SmallCompany, wish: Wish, quote: Quote, attempts: int) -> None:
        what = f"pay {wish}" + (f" with key {quote.key}" if quote.key else "")
        for _ in range(attempts):
            if self.history.fulfilled(wish, {p.id: p for p in _payments_of(machine)}):
                return
            self._run(what, partial(self._pay, machine, wish.contact, quote))
            self.history.check(self._world)
            waited = self._choices.one_of(PATIENCE)
            self._world.time += waited
            self.skewed |= bool(waited)  # whoever is sending mail meanwhile is long about it

    def _check_told(self, payment: Payment) -> None:
        """What a payer is told is true at the gateway."""
        world = self._world
        world.note(f"is told: payment {payment.id} is {payment.status}")
        world.count(f"told: {payment.status}")
        intent = world.gateway.found.get(payment.gateway_id)
        status = payment.status
        if status is PaymentStatus.SUCCEEDED:
            true = intent is not None and intent.status is IntentStatus.SUCCEEDED
        elif status is PaymentStatus.PROCESSING:
            true = payment.gateway_id in world.gateway.charges
        elif status in (PaymentStatus.FAILED, PaymentStatus.CANCELED):
            true = intent is None or intent.status is IntentStatus.CANCELED
        else:
            true = True
        if not true:
            raise Broken("a payer is told what is not so", f"{payment} {intent}")

    def _stranger(self, machine: SmallCompany) -> Callable[[], None]:
        """Another customer."""
        quote = Quote(numbers=("INV-9",), method=self._world.template.methods["other card"])

        def act() -> None:
            self._run("pay INV-9", partial(self._pay, machine, "stranger", quote))

        return act

    def _syncing(self, machine: SmallCompany) -> Callable[[], None]:
        times = 1 + self._choices.pick(2)

        def act() -> None:
            for _ in range(times):
                self._run("sync as finance", lambda: _sync(machine.finance))

        return act

    def _customer_syncing(self, machine: SmallCompany) -> Callable[[], None]:
        return lambda: self._run("sync", lambda: _sync(machine.payer))

    def _canceler(self, machine: SmallCompany) -> Callable[[], None]:
        def cancel() -> None:
            with machine.ledger.read() as unit:
                found = unit.payments.page(PaymentFilter(), EVERYTHING).items
            if found:
                machine.call(CancelPayment(self._choices.one_of(found).id))

        def act() -> None:
            for _ in range(2):
                self._run("cancel", cancel)

        return act

    def _importer(self, machine: SmallCompany) -> Callable[[], None]:
        name = self._choices.one_of(tuple(FILES))
        kind = FILES[name][0]
        path = str(Path(self._world.template.folder.name) / f"{name}.csv")

        def act() -> None:
            self.raised |= name == "raise"
            request = ImportRecords(kind, path, update=kind == "invoices")
            result = self._run(f"import {name}", lambda: machine.finance.call(request))
            if kind == "payments" and result is not None and not isinstance(result, Exception):
                self.cheques.add(name)

        return act

    def _remover(self, machine: SmallCompany) -> Callable[[], None]:
        method = self._world.template.methods[self._choices.one_of(METHODS)]
        return lambda: self._run("remove a method", lambda: machine.call(RemoveMethod(method)))

    # --- What happens around them ---------------------------------------------------------------

    def _around(self, times: int, act: Callable[[], None]) -> None:
        """`act` again and again, with others in between."""
        actor = self._world.schedule.current
        assert actor is not None
        for _ in range(times):
            actor.alive = True  # no process of a machine of ours
            try:
                self._world.schedule.point(0.2)
            except Killed:
                continue
            act()

    def _late_calls(self) -> None:
        world = self._world

        def act() -> None:
            if world.gateway.on_their_way:
                which = self._choices.pick(world.gateway.on_their_way)
                world.note("a late call arrives")
                world.count("world: a late call arrives")
                world.gateway.arrive_late(which)

        self._around(12, act)

    def _bank(self) -> None:
        world = self._world

        def act() -> None:
            at_bank = [
                i.id for i in world.gateway.found.values() if i.status is IntentStatus.PROCESSING
            ]
            if at_bank:
                intent, returned = self._choices.one_of(at_bank), bool(self._choices.pick(2))
                world.note("the bank returns" if returned else "the bank settles", intent)
                world.count("world: the bank " + ("returns" if returned else "settles"))
                world.gateway.bank_settles(intent, returned=returned)

        self._around(12, act)

    def _clock(self, machine: SmallCompany) -> Callable[[], None]:
        jumps = (
            ("time passes", timedelta(minutes=3), timedelta(0)),
            ("time passes", timedelta(days=2), timedelta(0)),
            ("time passes", timedelta(days=5), timedelta(0)),
            ("time passes", timedelta(days=40), timedelta(0)),
            ("the clock is set forward", timedelta(0), timedelta(minutes=3)),
            ("the clock is set back", timedelta(0), timedelta(minutes=-3)),
            ("the clock is set back", timedelta(0), timedelta(days=-1)),
            ("the clock is set forward", timedelta(0), timedelta(days=400)),
        )

        def jump() -> None:
            what, passed, off = self._choices.one_of(jumps)
            self._world.note(what, passed or off)
            self._world.count(f"world: {what}")
            self._world.time += passed
            machine.clock.off += off  # type: ignore[attr-defined]
            self.skewed = True

        return lambda: self._around(2, jump)

    def _odd_answers(self) -> None:
        """An intent cannot be read for a while: the gateway has a new word for its state."""
        world = self._world

        def act() -> None:
            odd = world.gateway.unreadable
            if odd:
                world.note("can be read again", *odd)
                odd.clear()
            elif world.gateway.found:
                intent = self._choices.one_of(tuple(world.gateway.found))
                odd[intent] = bool(self._choices.pick(2))
                world.note("cannot be read", intent)
                world.count("world: an intent cannot be read for a while")

        self._around(4, act)

    def _outage(self) -> None:
        def act() -> None:
            self._world.outage = not self._world.outage
            self._world.note("the gateway is " + ("silent" if self._world.outage else "back"))
            self._world.count("world: the gateway is silent for a while")

        self._around(2, act)

    def _back_up_and_restore(self) -> None:
        copies: list[bytes] = []
        ledger = ledger_of(self._world.machines[0])

        def act() -> None:
            if not copies:
                copies.append(ledger.copy())
                self._world.note("the ledger is backed up")
                return
            self._world.schedule.kill_others()
            ledger.put_back(copies.pop())
            self.restored = True
            self._world.note("everybody is killed, and the ledger is what it was")
            self._world.count("world: the ledger is restored")

        self._around(2, act)

    def _days(self, machine: SmallCompany) -> Callable[[], None]:
        """Days pass, on each of which another customer pays a little, and finance syncs."""
        card = self._world.template.methods["other card"]
        quote = Quote(numbers=("INV-9",), method=card, amounts=(("INV-9", "0.50"),))

        def act() -> None:
            for _ in range(DAYS):
                self._world.time += timedelta(days=1)
                self._run("pay a little", partial(self._pay, machine, "stranger", quote))
                self._run("sync as finance", lambda: _sync(machine.finance))
            self.skewed = True
            self._world.count("world: days pass at one machine")

        return act

    def _second_machine(self) -> None:
        """A copy of the ledger, and people who work with that."""
        self._around(1, lambda: None)
        machine = self._world.copy_ledger()
        self._world.count("world: the ledger is copied")
        if self._choices.pick(2):
            self._add("days there", self._days(machine))
        act = self._choices.one_of((self._payer, self._syncing, self._clock))
        self._add("payer there", self._payer(machine))
        self._add("somebody there", act(machine))


def _payments_of(machine: SmallCompany) -> tuple[Payment, ...]:
    with ledger_of(machine).quietly() as unit:
        return unit.payments.page(PaymentFilter(), EVERYTHING).items


def _sync(app: App) -> None:
    for step in app.call(Sync()):
        if isinstance(step, Comparison) and step.differences:
            raise Broken("a payment is said not to be as the gateway has it", step.differences)
        if isinstance(step, NotReconciled | Settled) and step.error is not None:
            _check_ties(step.error)


def _check_ties(error: Exception) -> None:
    """Nobody edits these ledgers: an error that says so would only frighten people."""
    if isinstance(error, DoesNotTie):
        raise Broken("somebody is told that the books differ", error)
