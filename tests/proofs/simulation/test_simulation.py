"""Every run holds every promise, and bugs that are planted are found and made short."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from invoicepay.billing.customer import EVERYTHING
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import (
    Intent,
    IntentStatus,
    NoAnswer,
    PaymentChange,
    Ports,
    Rejected,
)
from invoicepay.ledger.stores.payments import Payments
from invoicepay.operations.payments.protocol import cancel, record, submit
from tests.proofs.simulation.run import run
from tests.proofs.simulation.shorten import shorten
from tests.proofs.simulation.world import _CALLING, _MAILING, _READING, _WRITING, Trouble
from tests.proofs.size import Size

SEEDS = 220, 1000, 1000
"""By size. Two hundred come by everything."""
FINDS_WITHIN = 600
"""Seeds."""


def test_every_promise_holds_in_every_run(size: Size) -> None:
    seen: Counter[str] = Counter()
    for seed in range(size.of(*SEEDS)):
        outcome = run(seed)
        assert not outcome.broken, f"`make simulate SEED={seed}`: {outcome.detail}"
        seen += outcome.seen
    for what in _everything():
        assert seen[what], f"never tried: {what}"


def _everything() -> list[str]:
    """What so many runs must have come by, as they count it."""
    calls = ("create", "confirm", "intents", "cancel")
    troubles = [
        f"gateway.{call}: {', '.join(t for t in told if t and t is not Trouble.NONE)}"
        for call in calls
        for told in _CALLING[1:]
    ]
    troubles += [f"ledger.read: {trouble}" for trouble in _READING[1:]]
    troubles += [f"ledger.write: {trouble}" for trouble in _WRITING[1:]]
    troubles += [f"mailer.send: {trouble}" for trouble in _MAILING[1:]]
    around = (
        "a late call arrives",
        "the bank returns",
        "the bank settles",
        "time passes",
        "the clock is set back",
        "the clock is set forward",
        "the ledger is copied",
        "the ledger is restored",
        "a process sleeps for days",
        "days pass at one machine",
        "an intent cannot be read for a while",
    )
    ends = ("succeeded", "failed", "canceled")
    return troubles + [f"world: {w}" for w in around] + [f"ends: {end}" for end in ends]


def test_a_seed_is_the_same_run_whenever_it_is_run() -> None:
    for seed in range(0, 50, 7):
        first, again = run(seed), run(seed)
        replayed = run(seed, first.choices)
        assert first == again == replayed


# --- Planted bugs -----------------------------------------------------------------------------


def _timeout_is_a_decline(payment: Any, why: str, ports: Any) -> Any:
    with ports.ledger.write() as unit:
        current = record.reread(payment, unit)
        if current.status is not PaymentStatus.SUBMITTED:
            return current
        change = PaymentChange(PaymentStatus.FAILED, failure_message=why)
        return record._move(current, change, unit, ports)


_cancel = cancel.cancel


def _taken_for_canceled(intent: Intent, ports: Ports, **more: bool) -> Intent:
    """A cancel that nobody answered is taken for done."""
    try:
        return _cancel(intent, ports, **more)
    except (NoAnswer, Rejected):
        return replace(intent, status=IntentStatus.CANCELED)


def _tells_nobody(self: Payments, invoices: object, contact: object) -> list[Payment]:
    """A payer is not asked about a charge that nobody has shown them."""
    return []


def _holds_nothing(
    self: Payments, scope: Any, invoices: Any = None, real: Any = Payments.unsettled
) -> Any:
    """A part is paid although another payment holds the invoice."""
    return [] if scope is EVERYTHING and invoices is not None else real(self, scope, invoices)


BUGS: dict[str, tuple[Any, str, Any]] = {
    "a timeout is taken for a decline": (submit, "record_unknown", _timeout_is_a_decline),
    "released before the cancel is confirmed": (submit, "cancel", _taken_for_canceled),
    "a restored ledger pays at once": (submit, "check_not_behind", lambda *given: None),
    "nobody is told of a charge": (Payments, "not_acknowledged", _tells_nobody),
    "a part is paid while another is held": (Payments, "unsettled", _holds_nothing),
}
"""Where what is replaced, and by what."""


TAKE_LONG = (
    "a timeout is taken for a decline",
    "released before the cancel is confirmed",
    "a restored ledger pays at once",
    "a part is paid while another is held",
)
"""To find, or to make short."""


@pytest.mark.parametrize(
    "bug", [pytest.param(b, marks=[pytest.mark.middle] * (b in TAKE_LONG)) for b in BUGS]
)
def test_a_planted_bug_is_found_and_made_short(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, planted = BUGS[bug]
    monkeypatch.setattr(where, name, planted)

    found = next((o for o in map(run, range(FINDS_WITHIN)) if o.broken), None)

    assert found is not None
    short = shorten(found, most_runs=300)
    assert short.broken == found.broken
    assert run(found.seed, short.choices).detail == short.detail
    made = [number for number in short.choices if number]
    assert len(made) <= 20, short.told()
