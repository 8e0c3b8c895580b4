"""What must hold once everything has come to rest, whatever happened before."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from invoicepay.billing.errors import InvoicepayError
from invoicepay.billing.invoice import InvoiceStatus
from invoicepay.billing.payment import FINAL, Payment, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus, PaymentFilter
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.protocol.compare import Comparison, compare_all
from invoicepay.operations.payments.protocol.reconcile import late_id
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.sync import NotReconciled, Settled, Sync
from tests.proofs.simulation.actors import EVERYTHING, RAISED, Cast
from tests.proofs.simulation.world import Broken, SimulatedClock, World
from tests.world.company import SmallCompany, pay_knowingly

NUMBERS = {"INV-1": 10000, "INV-2": 25050, "INV-3": 7525, "INV-9": 50000}
GIVEN_UP = (PaymentStatus.FAILED, PaymentStatus.CANCELED)
ROUNDS = 6


def heal(world: World) -> None:
    """Everything late arrives, leases run out, the bank answers, and finance syncs until nothing
    moves any more. Nothing fails here."""
    world.outage = False
    world.gateway.unreadable.clear()
    world.gateway.arrive_late()
    for machine in world.machines:
        assert isinstance(machine.clock, SimulatedClock)
        machine.clock.off = timedelta(0)
    for _ in range(ROUNDS):
        world.time += LEASE + timedelta(days=1)  # mail that failed is due again, too
        moved = [_sync(machine) for machine in world.machines]
        at_bank = [
            i.id for i in world.gateway.found.values() if i.status is IntentStatus.PROCESSING
        ]
        for intent in at_bank:
            world.gateway.bank_settles(intent, returned=bool(world.choices.pick(2)))
        if not any(moved) and not at_bank:
            return
    raise Broken("syncing comes to no end")


def _sync(machine: SmallCompany) -> bool:
    """Whether anything moved."""
    moved = False
    for step in machine.finance.call(Sync()):
        if isinstance(step, NotReconciled | Settled) and step.error is not None:
            raise Broken("sync reports an error where nothing fails", step.error)
        if isinstance(step, Comparison) and step.differences:
            raise Broken("a payment is said not to be as the gateway has it", step.differences)
        if isinstance(step, Settled):
            moved |= step.payment is None or step.payment.status is not step.was
    return moved


def check(world: World, cast: Cast) -> None:
    """Raises Broken for the first promise that does not hold."""
    _check_charges(world, cast)
    cast.history.check(world)
    cast.history.check_told(world)
    for machine in world.machines:
        payments = _payments(machine)
        for payment in payments:
            world.count(f"ends: {payment.status}")
        compared = compare_all(lambda intents: intents, machine)
        if compared.differences or compared.error:
            raise Broken("a payment is not as the gateway has it", compared)
        _check_rest(machine, payments)
        _check_explained(world, cast, payments)
        _check_mail(world, cast, machine, payments)
    _check_keys(world, cast)
    _check_goes_on(world)


def _check_keys(world: World, cast: Cast) -> None:
    """Whoever repeats a key, at whichever machine, before and after its sync, is charged once."""
    for wish, quote in cast.history.keyed.items():
        for machine in (*world.machines, *world.machines):
            app = machine.contact(wish.contact)
            try:
                quoted = app.call(quote)
                said = quoted.existing or app.call(Pay(quoted.plan))  # type: ignore[arg-type]
                world.count(f"a key is repeated: {said.status}")
            except InvoicepayError as error:
                world.count(f"a key is repeated: {error.code}")
            cast.history.check(world)
            _sync(machine)
    heal(world)


def _payments(machine: SmallCompany) -> list[Payment]:
    with machine.ledger.read() as unit:
        return list(unit.payments.page(PaymentFilter(), EVERYTHING).items)


def _check_charges(world: World, cast: Cast) -> None:
    """No invoice is charged for more than it is."""
    charged: Counter[str] = Counter()
    for intent in world.gateway.found.values():
        if intent.status is IntentStatus.SUCCEEDED:
            for allocation in intent.allocations:
                charged[allocation.invoice] += allocation.amount_minor
    alone = not (cast.restored or cast.copied)
    machine = world.machines[0]
    if alone:
        for payment in _payments(machine):
            if payment.status is PaymentStatus.SUCCEEDED and not payment.gateway_id:
                for allocation in payment.allocations:
                    charged[allocation.invoice] += allocation.amount_minor
    for number, amount in charged.items():
        most = RAISED if cast.raised and number == "INV-1" else NUMBERS[number]
        if alone:
            invoice = machine.invoice(number)
            most = 0 if invoice.status is InvoiceStatus.VOID else invoice.total_minor
        if amount > most:
            raise Broken("an invoice is charged twice", f"{number}: {amount} of {most}")


def _check_rest(machine: SmallCompany, payments: list[Payment]) -> None:
    with machine.ledger.read() as unit:
        differences = [*unit.books.differences(), *unit.journal.verify().differences]
        invoices = [unit.invoices.get(number, EVERYTHING) for number in NUMBERS]
        waiting = unit.outbox.owed(EVERYTHING)
    if differences:
        raise Broken("the books do not balance", differences)
    if any(invoice is None or invoice.reserved_minor for invoice in invoices):
        raise Broken("something is reserved for good", invoices)
    if waiting:
        raise Broken("an e-mail is never sent", waiting)
    for payment in payments:
        if payment.status not in FINAL:
            raise Broken("a payment never ends", payment)
    numbers = [p.receipt_number for p in payments if p.receipt_number]
    if len(set(numbers)) < len(numbers):
        raise Broken("a receipt number is given twice", numbers)


def _check_explained(world: World, cast: Cast, payments: list[Payment]) -> None:
    """Every charge has its one payment, and every payment what the gateway says of it."""
    alone = not (cast.restored or cast.copied)
    ids = {payment.id: payment for payment in payments}
    for intent in world.gateway.found.values():
        mine = [p for p in payments if p.gateway_id == intent.id and p.status not in GIVEN_UP]
        if intent.status is not IntentStatus.SUCCEEDED:
            if mine:
                raise Broken("a payment without a charge", mine)
            continue
        if len(mine) != 1 or mine[0].amount_minor != intent.amount_minor:
            raise Broken("a charge without its payment", f"{intent} {mine}")
        if mine[0].id not in (intent.payment_id, late_id(intent)):
            raise Broken("a charge under another payment", f"{intent} {mine}")
        if mine[0].id != intent.payment_id and intent.payment_id not in ids:
            raise Broken("a charge taken in under a needless id", f"{intent} {mine}")
    for payment in payments:
        if payment.method_type in ("card", "ach"):
            _check_end(payment, world.gateway.found.get(payment.gateway_id), alone)
    if alone and cast.cheques:
        received = {payment.reference for payment in payments}
        for name in cast.cheques:
            if f"K-{name[-1]}" not in received:
                raise Broken("a cheque that was taken is gone", name)


def _check_end(payment: Payment, intent: Intent | None, alone: bool) -> None:
    if payment.status is PaymentStatus.SUCCEEDED:
        if intent is None or intent.status is not IntentStatus.SUCCEEDED:
            raise Broken("a payment without a charge", f"{payment} {intent}")
        return
    if intent is None:
        if payment.gateway_id or payment.status is PaymentStatus.FAILED:
            raise Broken("a payment failed that the gateway never had", payment)
    elif alone:
        if intent.status is not IntentStatus.CANCELED:
            raise Broken("released while the gateway could charge it", f"{payment} {intent}")
        # A confirm that was refused leaves no trace on its intent.
        if payment.status is not PaymentStatus.FAILED and intent.failure_code:
            raise Broken("an end that the gateway does not explain", f"{payment} {intent}")
        if payment.status is PaymentStatus.FAILED and not payment.failure_code:
            raise Broken("an end that the gateway does not explain", f"{payment} {intent}")


def _check_mail(world: World, cast: Cast, machine: SmallCompany, payments: list[Payment]) -> None:
    sent = Counter(message.message_id for message in machine.mailer.sent)
    if cast.restored or cast.copied:
        return
    for payment in payments:
        owed = payment.status is PaymentStatus.SUCCEEDED and bool(payment.gateway_id)
        # C-1 has an address for news, C-2 has none.
        for to, due in (("", owed), (".customer", owed and payment.customer == "C-1")):
            told = sum(1 for name in sent if name.startswith(f"{payment.id}.received{to}@"))
            if told != due:
                raise Broken("a receipt that is owed", f"{payment}: {told}")
    again = sum(sent.values()) - len(sent)
    excuses = sum(n for what, n in world.seen.items() if ": kill" in what or ": fails" in what)
    if again > excuses and not cast.skewed:
        raise Broken("an e-mail is sent again for no reason", sent)


def _check_goes_on(world: World) -> None:
    """Whatever happened, what is open can be paid."""
    machine = world.machines[0]
    open_now = [n for n in ("INV-2",) if machine.invoice(n).payable_minor]
    with machine.ledger.read() as unit:
        card = unit.methods.get(world.template.methods["card"], EVERYTHING)
    if not open_now or card is None or card.removed:
        return
    if card.gateway_id not in world.gateway._methods:
        return  # removed, and then the ledger was restored
    try:
        payment = pay_knowingly(machine.payer, Quote(numbers=tuple(open_now), method=card.id))
    except InvoicepayError as error:
        raise Broken("nobody can pay any more", error) from error
    if payment.status is not PaymentStatus.SUCCEEDED:
        raise Broken("nobody can pay any more", payment)
