"""Once a payment's outcome is known, trouble with its e-mail does not change how `pay` ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from invoicepay.billing.errors import Unreachable
from invoicepay.billing.payment import PaymentStatus
from invoicepay.cli import tell_payer
from invoicepay.cli.interrupts import Interrupts


def test_a_ledger_that_cannot_be_read_for_the_mail_is_no_failed_payment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notes: list[str] = []

    def call(request: object) -> object:
        raise Unreachable("ledger_unusable", "the ledger cannot be used: disk I/O error")

    monkeypatch.setattr(tell_payer, "show_payment", lambda payment, state: None)
    state: Any = SimpleNamespace(
        call=call,
        acknowledge=lambda *ids: None,
        out=SimpleNamespace(note=notes.append, flush=lambda: None),
    )
    payment: Any = SimpleNamespace(id="p", status=PaymentStatus.SUCCEEDED, outcome_known=True)

    teller = tell_payer.Teller(state, Interrupts(), None, with_key=False)
    teller._show_and_send(payment)

    (note,) = notes
    assert "disk I/O error" in note
    assert "invoicepay sync" in note
