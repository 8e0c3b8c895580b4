"""What a quote says, or why there is none."""

from __future__ import annotations

from typing import Any

import pytest

from invoicepay.billing.errors import InvoicepayError
from invoicepay.billing.plan import PaymentPlan
from invoicepay.operations.app import App
from invoicepay.operations.payments.quote import Quote


def quoted(app: App, **request: Any) -> PaymentPlan:
    plan = app.call(Quote(**request)).plan
    assert plan is not None
    return plan


def numbers(plan: PaymentPlan) -> list[str]:
    return [line.invoice.number for line in plan.lines]


def refusal(app: App, **request: Any) -> tuple[str, str, str]:
    with pytest.raises(InvoicepayError) as refused:
        app.call(Quote(**request))
    return refused.value.code, refused.value.message, refused.value.hint
