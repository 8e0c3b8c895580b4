"""Once a payment's outcome is known, trouble with its e-mail does not change how `pay` ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from invoicepay.billing.errors import Unreachable
from invoicepay.billing.payment import PaymentStatus
from invoicepay.cli import command_pay, payment_view


def test_a_ledger_that_cannot_be_read_for_the_mail_is_no_failed_payment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notes: list[str] = []

    def call(request: object) -> object:
        raise Unreachable("ledger_unusable", "the ledger cannot be used: disk I/O error")

    monkeypatch.setattr(payment_view, "show_payment", lambda payment, state: None)
    state: Any = SimpleNamespace(
        call=call, acknowledge=lambda *ids: None, out=SimpleNamespace(note=notes.append)
    )
    payment: Any = SimpleNamespace(id="p", status=PaymentStatus.SUCCEEDED, outcome_known=True)

    command_pay._show(state, payment)

    (note,) = notes
    assert "disk I/O error" in note
    assert "invoicepay sync" in note
