"""Whoever wants one payment, and tries again only while not told how it ended, is charged once:
real processes, some of which get a signal at any moment, held against the bank's own record."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.sandbox.faults import add_fault
from tests.proofs.crash.place import AT_BANK, PAYERS, Line, Place, Run, said_payment
from tests.proofs.crash.shim import BANK
from tests.proofs.size import Size

INVOICES = [f"WISH-{n}" for n in range(4)]
DAYS_PASS = 4
"""After so many attempts of each contact: else the first debits would hold every invoice."""
CONFIRM = "POST /v1/payment_intents/*/confirm"
SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Wish:
    """One payment of `amount_minor` on an invoice. Nobody else wants as much, so that each charge
    tells whose it is."""

    contact: str
    invoice: str
    amount_minor: int

    def is_of(self, intent: dict[str, Any]) -> bool:
        written = f"{self.invoice}={self.amount_minor}"
        return bool(intent["metadata"]["invoicepay_allocations_0"] == written)


@dataclass(frozen=True)
class Told:
    """What a contact has read of a payment: `charged`, `uncharged` or `unknown`."""

    wish: Wish
    payment: str
    how: str


def test_whoever_wants_one_payment_is_charged_once(
    company: Path,
    line: Line,
    lines: Callable[[int], list[Line]],
    tmp_path: Path,
    tally: Callable[[str, int, str], None],
    size: Size,
) -> None:
    attempts = size.of(8, 50, 200)
    with Place.copy(company, tmp_path / "wishes", line) as place:
        _add_invoices(place)
        with ThreadPoolExecutor(len(PAYERS)) as pool:
            payers = [
                pool.submit(_pay, place, each, number, attempts)
                for number, each in enumerate(lines(len(PAYERS)))
            ]
            told = [each for payer in payers for each in payer.result()]
        found = place.assert_repaired("after the wishes")
        charged = [intent for intent in place.bank.intents() if intent["status"] in AT_BANK]

        for wish in {each.wish for each in told}:
            charges = [intent["id"] for intent in charged if wish.is_of(intent)]
            assert len(charges) <= 1, (wish, charges, [each for each in told if each.wish == wish])
        ids = {
            payment.id for payment in found.payments if payment.gateway_id in charges_of(charged)
        }
        for each in told:
            if each.payment and each.how != "unknown":
                assert (each.payment in ids) is (each.how == "charged"), each

    ends = Counter(each.how for each in told)
    assert ends["charged"] > len(told) / 10
    assert ends["unknown"]
    summary = ", ".join(f"{count} {end}" for end, count in ends.most_common())
    tally(f"wishes: {len(PAYERS)} payers, some stopped or unanswered", len(told), summary)


def charges_of(intents: list[dict[str, Any]]) -> set[str]:
    return {intent["id"] for intent in intents}


def _add_invoices(place: Place) -> None:
    rows = [f"{n},C-1,2026-10-01,2026-10-31,USD,90000.00" for n in INVOICES]
    file = place.folder / "wishes.csv"
    file.write_text("\n".join(["number,customer,issued_on,due_on,currency,total", *rows, ""]))
    assert place.run("import", "invoices", str(file), who="finance").exit_code == 0


def _pay(place: Place, line: Line, number: int, attempts: int) -> list[Told]:
    """One contact's history: a wish, again and again until told, then the next. Its clock runs
    ahead, so that a lease that others have left passes between two attempts, or does not."""
    random, told, pace = Random(number), list[Told](), Pace()
    for wish in _wishes(number, random):
        while len(told) < attempts:
            pace.ahead += random.choice([0.0, LEASE.total_seconds() + 1])
            told.append(_try(place, line, wish, random, pace))
            if len(told) % DAYS_PASS == 0:
                place.run("sandbox", "clock", "advance", "6d", line=line)
                place.run("sync", who="finance", ahead=pace.ahead, line=line)
            if told[-1].how != "unknown":
                break
        else:
            return told
    raise AssertionError("unreachable")


def _wishes(number: int, random: Random) -> Iterator[Wish]:
    amount = 100 + number
    while True:
        yield Wish(PAYERS[number], random.choice(INVOICES), amount)
        amount += len(PAYERS)


@dataclass
class Pace:
    """`seconds`: how long the last command took that nobody stopped. `ahead`: how many seconds the
    contact's clock is."""

    seconds: float = 0.2
    ahead: float = 0.0


def _try(place: Place, line: Line, wish: Wish, random: Random, pace: Pace) -> Told:
    """One command."""
    amount = f"{wish.invoice}={wish.amount_minor / 100:.2f}"
    method = random.choice(["card", "card", "ach", place.method("0341")])
    more: dict[str, Any] = {}
    if random.random() < 0.3:
        add_fault(place.folder / f"ledger.db{BANK}", CONFIRM, "lose_answer")
    elif random.random() < 0.6:
        # Most after the charge and before the answer: at the end of a run.
        after = pace.seconds * random.triangular(0.1, 1.1, 0.9)
        more = {"kill_after": after, "kill_with": random.choice(SIGNALS)}
    began = time.monotonic()
    run = place.run(
        *("pay", wish.invoice, "--amount", amount, "--method", method, "--yes", "--json"),
        who=wish.contact,
        line=line,
        ahead=pace.ahead,
        **more,
    )
    if not more and run.exit_code == 0:
        pace.seconds = time.monotonic() - began
    return _told(place, wish, run)


def _told(place: Place, wish: Wish, run: Run) -> Told:
    """What whoever gave the command has read, on stdout or else on stderr."""
    if shown := _whole_json(run.stdout):
        how = {"processing": "charged", "succeeded": "charged", "failed": "uncharged"}
        return Told(wish, said_payment(run.stdout), how.get(shown["status"], "unknown"))
    if run.exit_code < 0 or run.exit_code in (6, 130):
        return Told(wish, "", "unknown")
    error = json.loads(run.stderr.splitlines()[-1])["error"]
    payment = next((p for p in place.payments() if p.id == error.get("payment")), None)
    if payment is not None and [(a.invoice, a.amount_minor) for a in payment.allocations] == [
        (wish.invoice, wish.amount_minor)
    ]:
        accepted = "succeeded on" in error["message"] or "processing" in error["message"]
        return Told(wish, payment.id, "charged" if accepted else "unknown")
    assert run.exit_code in (7, 10), run  # somebody else's payment is in the way
    return Told(wish, "", "unknown")


def _whole_json(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    assert isinstance(found, dict)
    return found
