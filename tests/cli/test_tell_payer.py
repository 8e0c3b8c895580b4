"""Once a payment's outcome is known, trouble with its e-mail does not change how `pay` ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from invoicepay.billing.errors import Unreachable
from invoicepay.billing.payment import PaymentStatus
from invoicepay.cli import report_payment
from invoicepay.cli.interrupts import Interrupts
from invoicepay.operations.mailing.deliver import DeliveryReport, NotDelivered
from invoicepay.operations.mailing.outbox import ListMail


def notes_of_a_payment(
    call: Callable[[object], object], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """What stderr says when it is shown and its e-mail is tried."""
    notes: list[str] = []
    monkeypatch.setattr(report_payment, "show_payment", lambda payment, state: None)
    state: Any = SimpleNamespace(
        call=call,
        acknowledge=lambda *ids: None,
        out=SimpleNamespace(note=notes.append, flush=lambda: None),
    )
    payment: Any = SimpleNamespace(id="p", status=PaymentStatus.SUCCEEDED, outcome_known=True)
    reporter = report_payment.PaymentReporter(state, Interrupts(), None, with_key=False)
    reporter._show_and_send(payment)
    return notes


def test_a_ledger_that_cannot_be_read_for_the_mail_is_no_failed_payment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def call(request: object) -> object:
        raise Unreachable("ledger_unusable", "the ledger cannot be used: disk I/O error")

    (note,) = notes_of_a_payment(call, monkeypatch)
    assert "disk I/O error" in note
    assert "invoicepay sync" in note


def test_which_address_failed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def call(request: object) -> object:
        if isinstance(request, ListMail):
            return SimpleNamespace(items=[])
        failed = NotDelivered("m", "ann@x.example", "550 no such user", datetime.now(UTC))
        return DeliveryReport(not_delivered=(failed,))

    (note,) = notes_of_a_payment(call, monkeypatch)
    assert note == (
        "The e-mail to ann@x.example could not be sent yet: 550 no such user. "
        "`invoicepay sync` tries again."
    )
