"""How money moves: at once by card, and what the bank does days later.

The bank has no thread. Its steps wait in the table `due` and are done, in the order in which they
fall due, by whoever uses the file next; each is dated when it was due.
"""

from __future__ import annotations

import sqlite3

from invoicepay.sandbox import bank, booking
from invoicepay.sandbox.bank import BANK_ACCOUNT, CARD, Decline
from invoicepay.sandbox.store import Unit, new_id, public
from invoicepay.sandbox.wire import Doc, StripeError

DAY = 24 * 3600  # seconds
DEBIT_SETTLES_AFTER = 4 * DAY
DISPUTE_AFTER = 5 * DAY
MICRODEPOSITS_FAIL_AFTER = 2 * DAY
CARD_AVAILABLE_AFTER = 2 * DAY
DISPUTE_FEE = 1500  # minor units


def settle_due(db: sqlite3.Connection, now: int) -> None:
    """Everything the bank should have done by `now` (unix seconds). Needs a write transaction."""
    steps = {
        "settle_debit": _settle_debit,
        "dispute": _dispute,
        "fail_microdeposits": _fail_microdeposits,
    }
    # One at a time, because a step may make another one due.
    while row := db.execute(
        "SELECT seq, at, step, object FROM due WHERE at <= ? ORDER BY at, seq LIMIT 1", (now,)
    ).fetchone():
        seq, at, step, object_id = row
        db.execute("DELETE FROM due WHERE seq = ?", (seq,))
        steps[step](Unit(db, at), object_id)


def is_due(db: sqlite3.Connection, now: int) -> bool:
    return db.execute("SELECT 1 FROM due WHERE at <= ? LIMIT 1", (now,)).fetchone() is not None


def succeed_card(unit: Unit, intent: Doc, method: Doc) -> Doc:
    charge = booking.new_charge(unit, intent, method, "succeeded")
    booking.book_charge(unit, charge, CARD, unit.at + CARD_AVAILABLE_AFTER)
    unit.update(charge)
    unit.emit("charge.succeeded", charge)
    return _succeed(unit, intent, charge)


def decline_card(unit: Unit, intent: Doc, method: Doc, decline: Decline) -> Doc:
    """The failed charge of a declined card."""
    charge = booking.new_charge(unit, intent, method, "failed")
    booking.mark_failed(charge, decline)
    unit.update(charge)
    unit.emit("charge.failed", charge)
    return charge


def start_debit(unit: Unit, intent: Doc, method: Doc, mandate: str | None) -> Doc:
    """The debit is on its way: neither paid nor failed."""
    charge = booking.new_charge(unit, intent, method, "pending", mandate)
    unit.emit("charge.pending", charge)
    intent |= {
        "status": "processing",
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
    }
    unit.update(intent)
    unit.emit("payment_intent.processing", intent)
    if bank.behaviour(method).settles:
        unit.schedule("settle_debit", charge, DEBIT_SETTLES_AFTER)
    return intent


def await_microdeposits(unit: Unit, intent: Doc) -> None:
    unit.schedule("fail_microdeposits", intent, MICRODEPOSITS_FAIL_AFTER)


def fail_intent(unit: Unit, intent: Doc, method: Doc, error: StripeError) -> Doc:
    """The attempt failed; the intent lives on and wants another method."""
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_payment_error": {**error.error, "payment_method": public(method)},
    }
    if "charge" in error.error:
        intent["latest_charge"] = error.error["charge"]
    unit.update(intent)
    unit.emit("payment_intent.payment_failed", intent)
    return intent


def _succeed(unit: Unit, intent: Doc, charge: Doc) -> Doc:
    intent |= {
        "status": "succeeded",
        "amount_received": charge["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
    }
    unit.update(intent)
    unit.emit("payment_intent.succeeded", intent)
    return intent


def _settle_debit(unit: Unit, charge_id: str) -> None:
    charge = unit.get("charge", charge_id, "charge")
    intent = unit.get("payment_intent", charge["payment_intent"], "payment_intent")
    method = unit.get("payment_method", charge["payment_method"], "payment_method")
    test = bank.behaviour(method)
    if test.charge:
        booking.mark_failed(charge, test.charge)
        unit.update(charge)
        unit.emit("charge.failed", charge)
        if test.charge.blocks:
            bank.block(unit, method, test.charge)
        fail_intent(unit, intent, method, _bank_error(test.charge, charge["id"]))
        return
    charge |= {"status": "succeeded", "paid": True}
    charge["outcome"] |= {"seller_message": "Payment complete."}
    booking.book_charge(unit, charge, BANK_ACCOUNT, unit.at)
    unit.update(charge)
    unit.emit("charge.succeeded", charge)
    _succeed(unit, intent, charge)
    if test.disputed:
        unit.schedule("dispute", charge, DISPUTE_AFTER)


def _fail_microdeposits(unit: Unit, intent_id: str) -> None:
    intent = unit.get("payment_intent", intent_id, "payment_intent")
    if (intent["next_action"] or {}).get("type") != "verify_with_microdeposits":
        return  # canceled, or tried with another method since
    method = unit.get("payment_method", intent["payment_method"], "payment_method")
    fail_intent(unit, intent, method, _bank_error(bank.MICRODEPOSITS, None))


def _bank_error(decline: Decline, charge: str | None) -> StripeError:
    return StripeError(
        400,
        decline.message,
        code=decline.code,
        network_decline_code=decline.network_code,
        charge=charge,
    )


def _dispute(unit: Unit, charge_id: str) -> None:
    """A bank debit that the customer's bank takes back: lost at once, without appeal."""
    charge = unit.get("charge", charge_id, "charge")
    method = unit.get("payment_method", charge["payment_method"], "payment_method")
    id = new_id("du")
    withdrawal = booking.book(
        unit, id, charge["currency"], -charge["amount"], DISPUTE_FEE, "adjustment", unit.at
    )
    dispute = {
        "id": id,
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [withdrawal],
        "charge": charge["id"],
        "created": unit.at,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": None,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": bank.NOT_AUTHORIZED.network_code,
        "payment_intent": charge["payment_intent"],
        "reason": "debit_not_authorized",
        "status": "lost",
    }
    unit.insert(dispute)
    charge["disputed"] = True
    unit.update(charge)
    bank.block(unit, method, bank.NOT_AUTHORIZED)
    for step in ("created", "funds_withdrawn", "closed"):
        unit.emit(f"charge.dispute.{step}", dispute)
