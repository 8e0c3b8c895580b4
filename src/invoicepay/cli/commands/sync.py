"""`invoicepay sync`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from invoicepay.billing.errors import InvoicepayError, PartlyDone
from invoicepay.billing.money import Money
from invoicepay.cli.layout import Column
from invoicepay.cli.new_app import new_app
from invoicepay.cli.records import Field, Part, Record
from invoicepay.cli.show.differences import difference_line, gateway_differs
from invoicepay.cli.state import state_of

if TYPE_CHECKING:
    from invoicepay.operations.mailing.deliver import DeliveryReport
    from invoicepay.operations.payments.sync import Settled

app = new_app()

E_MAIL = "e-mail"
"""The subject of the line about e-mail that was not sent."""


@app.command()
def sync(context: typer.Context) -> None:
    """Ask the gateway about everything under way, and send the e-mail that is owed. For finance:
    also record charges that are not known here, and compare what changed with the gateway."""
    from invoicepay.cli.progress import bar
    from invoicepay.cli.show.mail import trouble_in
    from invoicepay.cli.show.payments import PAYMENT
    from invoicepay.operations.mailing.deliver import DeliveryReport
    from invoicepay.operations.payments.protocol.compare import Comparison
    from invoicepay.operations.payments.sync import NotReconciled, Settled, Sync
    from invoicepay.operations.progress import Started

    state = state_of(context)
    steps = state.call(Sync())
    started = next(steps)
    assert isinstance(started, Started)
    settled: list[Settled] = []
    errors: list[InvoicepayError] = []
    mail: DeliveryReport | None = None
    comparison: Comparison | None = None
    for step in bar(state.out, steps, started.total + 1):
        if isinstance(step, Settled):
            settled.append(step)
        elif isinstance(step, DeliveryReport):
            mail = step
        elif isinstance(step, NotReconciled):
            errors.append(step.error)
        elif isinstance(step, Comparison):
            comparison = step
    assert mail is not None
    trouble = trouble_in(mail)
    shown = [*settled, Settled(E_MAIL, error=_partly(trouble))] if trouble else settled
    columns: list[Column[Settled]] = [
        Column("Payment", lambda s: s.subject),
        Column("Amount", lambda s: str(Money(s.payment.amount_minor, s.payment.currency))
               if s.payment else "", right=True),
        Column("Was", _was),
        Column("Is", lambda s: s.payment.status.value if s.payment else ""),
        Column("", lambda s: s.error.message if s.error else _reason(s)),
    ]  # fmt: skip
    record = Record[Settled](
        Field("subject", lambda s: s.subject),
        Field("was", lambda s: s.was),
        Field("error", lambda s: s.error.code if s.error else None),
        Part(lambda s: s.payment, PAYMENT),
        Field("message", lambda s: s.error.message if s.error else None),
    )
    empty = "nothing was settled" if errors else "nothing is under way"
    state.out.many(shown, record, columns, empty=empty)
    if state.out.at_terminal:  # elsewhere it is a log, which perhaps nobody reads
        state.acknowledge(*(s.payment.id for s in settled if s.payment and s.payment.outcome_known))
    if mail.sent:
        state.out.note(f"{len(mail.sent)} e-mail(s) sent.")
    errors += [s.error for s in settled if s.error]
    if comparison and comparison.differences:
        if state.out.for_people:
            for difference in comparison.differences:
                state.out.text(f"  {difference_line(difference)}")
        raise gateway_differs(comparison)
    _raise_for(errors, all_failed=all(s.error for s in settled), mail=trouble)


def _was(settled: Settled) -> str:
    if settled.subject == E_MAIL:
        return ""
    if settled.was:
        return settled.was
    return "not known here" if settled.payment or settled.error else "not confirmed"


def _reason(settled: Settled) -> str:
    return settled.payment.failure_message if settled.payment else "canceled at the gateway"


def _raise_for(errors: list[InvoicepayError], *, all_failed: bool, mail: str) -> None:
    """`mail`: what is the matter with it, empty when nothing is."""
    if errors and all_failed:
        raise errors[0]
    failed = [f"{len(errors)} thing(s) not settled: {errors[0].message}"] if errors else []
    if failed or mail:
        hint = errors[0].hint if errors else ""
        raise _partly("; ".join(filter(None, (*failed, mail))), hint, mail=bool(mail))


def _partly(what: str, hint: str = "", *, mail: bool = True) -> PartlyDone:
    hint = hint or "Run `invoicepay sync` again later."
    return PartlyDone(
        "partly_done", what, f"`invoicepay mail list` shows each e-mail. {hint}" if mail else hint
    )
