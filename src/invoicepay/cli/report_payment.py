"""Make a payment and report its outcome to the payer, also when interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from invoicepay.billing.errors import InvoicepayError, NotFound, OutcomeUnknown
from invoicepay.billing.payment import FINAL, Payment, PaymentStatus
from invoicepay.cli.show.payments import raise_for, show_payment

if TYPE_CHECKING:
    from invoicepay.cli.interrupts import Interrupts
    from invoicepay.cli.state import State
    from invoicepay.operations.payments.find import ShowPayment
    from invoicepay.operations.payments.pay import StopPayment


class Patience(NamedTuple):
    """How long --wait waits, in seconds and as it was typed."""

    seconds: float
    typed: str


class Stopped(KeyboardInterrupt):
    """The payment was interrupted, and nothing was charged."""

    def __init__(self, payment: str = "") -> None:
        super().__init__("interrupted; nothing was charged")
        self.payment = payment


class PaymentReporter:
    """Makes one payment and reports it. `patience`: with --wait. `with_key`: the payment has a
    key."""

    def __init__(
        self, state: State, interrupts: Interrupts, patience: Patience | None, *, with_key: bool
    ) -> None:
        self._state, self._interrupts = state, interrupts
        self._patience, self._with_key = patience, with_key
        self._shown = False
        self._trouble = ""
        """Why the payment could not be looked at any more."""

    def report(
        self, payment_id: str, pay: Callable[[], Payment], *, stop: Callable[[str], Payment]
    ) -> None:
        """Pay, show how it stands, send its e-mail, and end with the exit code that says so.
        Whoever interrupts is told whether it may have been charged (`stop`: see below), and once
        that is known, how it ended."""
        out, patience = self._state.out, self._patience
        try:
            payment = pay()
            waits = patience is not None and patience.seconds > 0 and payment.status not in FINAL
            if patience and waits and not out.for_people:  # one object, of how it ends
                payment, waits = self._wait(payment, patience), False
            self._show_and_send(payment)
            if patience and waits:
                out.note(f"Waiting up to {patience.typed} for the bank. Ctrl-C stops waiting only.")
                payment = self._wait(payment, patience)
                if payment.status in FINAL:
                    self._show_and_send(payment, again=True)
        except KeyboardInterrupt:
            self._interrupts.heeded = True
            payment = stop(payment_id)
            if not self._shown:
                with suppress(OutcomeUnknown):  # the terminal may be gone, and the outcome stands
                    self._show(payment)
        raise_for(payment, with_key=self._with_key)
        if patience is not None and payment.status not in FINAL:
            why = f", and cannot be looked at: {self._trouble}" if self._trouble else ""
            raise OutcomeUnknown(
                "wait_ran_out",
                f"payment {payment.id} is still {payment.status}{why}",
                "It goes on; `invoicepay sync` asks the bank, and `invoicepay payments show "
                f"{payment.id}` shows it.",
                payment=payment.id,
            )

    # --- Interrupted ----------------------------------------------------------------------------

    def stop(self, payment_id: str) -> Payment:
        """The payment that this command was making, where its outcome is known. Raises Stopped
        where nothing was charged, OutcomeUnknown where nobody knows."""
        from invoicepay.operations.payments.pay import StopPayment

        payment = self._ask(StopPayment(payment_id))
        if payment.given_up:
            raise Stopped(payment.id)
        return payment

    def look(self, payment_id: str) -> Payment:
        """A payment that another command makes, or made: this one only waited. Raises
        OutcomeUnknown where it cannot be looked at."""
        from invoicepay.operations.payments.find import ShowPayment

        return self._ask(ShowPayment(payment_id))

    def _ask(self, request: StopPayment | ShowPayment) -> Payment:
        self._state.local.ledger.close()  # the signal may have come within a transaction
        try:
            return self._state.call(request)
        except NotFound:  # it had not come to the claim
            raise Stopped from None
        except OutcomeUnknown:
            raise
        except InvoicepayError as problem:  # the ledger is locked, the session has ended
            raise OutcomeUnknown(
                "outcome_unknown",
                f"interrupted while payment {request.payment_id} was under way: it may have been "
                f"charged, and cannot be looked at now: {problem.message}",
                f"Do not pay again; `invoicepay payments show {request.payment_id}` shows it, and "
                "`invoicepay sync` finds out.",
                payment=request.payment_id,
            ) from problem

    # --- What the payer sees --------------------------------------------------------------------

    def _show_and_send(self, payment: Payment, *, again: bool = False) -> None:
        self._shown = False
        with self._interrupts.held():
            self._show(payment, again=again)
            self._shown = True
        self._send_mail(payment)

    def _show(self, payment: Payment, *, again: bool = False) -> None:
        """How it stands, and remember that this was shown. Raises OutcomeUnknown where it cannot
        be written: whoever asked does not know it."""
        try:
            if again:
                self._state.out.text()
            show_payment(payment, self._state)
            self._state.out.flush()
        except OSError as error:
            raise OutcomeUnknown(
                "not_shown",
                f"payment {payment.id} {payment.status.in_words}, and that could not be written: "
                f"{error.strerror or error}",
                f"Do not pay again; `invoicepay payments show {payment.id}` shows it.",
                payment=payment.id,
            ) from error
        if payment.outcome_known:
            self._state.acknowledge(payment.id)

    def _send_mail(self, payment: Payment) -> None:
        """Say to whom it goes, then try: a mail server may be slow. The outcome stands, whatever
        befalls its e-mail."""
        from invoicepay.operations.mailing.address import readable
        from invoicepay.operations.mailing.deliver import SendMail, unreadable_outbox
        from invoicepay.operations.mailing.outbox import ListMail

        if payment.status not in (PaymentStatus.PROCESSING, PaymentStatus.SUCCEEDED):
            return
        call, note = self._state.call, self._state.out.note
        try:
            owed = call(ListMail(payment_id=payment.id)).items
            if owed:
                to = ", ".join(sorted({readable(mail.to) for mail in owed}))
                note(f"E-mail goes to {to}.")
            failed = call(SendMail(payment.id)).not_delivered
        except InvoicepayError as problem:
            failed = unreadable_outbox(problem).not_delivered
        for each in failed:
            which = f"The e-mail to {readable(each.to)}" if each.to else "The e-mail"
            note(f"{which} could not be sent yet: {each.error}. `invoicepay sync` tries again.")

    def _wait(self, payment: Payment, patience: Patience) -> Payment:
        """The payment when it has ended, or patience has, or it cannot be looked at any more."""
        from invoicepay.operations.payments.find import ShowPayment

        deadline, pause = time.monotonic() + patience.seconds, 1.0
        while payment.status not in FINAL and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, 15.0)
            try:
                payment = self._state.call(ShowPayment(payment.id, settle_first=True))
            except InvoicepayError as problem:
                self._trouble = problem.message
                break
        return payment
