"""What every PaymentStore must do: payments come back as they were added, and each question finds
those that it is about, no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from invoicepay.billing.method import MethodType
from invoicepay.billing.payment import (
    UNDER_WAY,
    Allocation,
    Payment,
    PaymentStatus,
    Reversal,
    ReversalKind,
)
from invoicepay.billing.ports import PaymentChange, PaymentFilter, Unit
from tests.world.clock import START
from tests.world.company import EVERYTHING

CLAIMED, SUBMITTED, PROCESSING, UNKNOWN, SUCCEEDED, FAILED, CANCELED = PaymentStatus
TODAY = START.date()
PAYER, FINANCE = "payer@example.com", "finance@example.com"


def made(n: int, *on: tuple[str, int], **more: Any) -> Payment:
    """A payment of C-1 for 10.00 USD, succeeded today if nothing else is said."""
    plain = Payment(
        id=f"{n:08d}-0000-4000-8000-000000000000",
        status=SUCCEEDED,
        customer="C-1",
        currency="USD",
        amount_minor=1000,
        method_type=MethodType.CARD,
        method_label="Visa ending 4242",
        created_at=START,
        initiated_by=PAYER,
        livemode=False,
        gateway_id=f"pi_{n}",
        allocations=tuple(Allocation(*each) for each in on),
    )
    changed = replace(plain, **more)
    if changed.status is SUCCEEDED and changed.effective_on is None:
        changed = replace(changed, effective_on=TODAY)
    return changed


def add(unit: Unit, *payments: Payment) -> None:
    for payment in payments:
        unit.payments.add(payment)


def numbers(found: Any) -> list[int]:
    return [int(payment.id[:8]) for payment in found]


# --- As it was added ---


def test_a_payment_comes_back_as_it_was_added(unit: Unit) -> None:
    full = made(
        1,
        ("INV-3", 300),
        ("INV-1", 500),
        ("INV-2", 100),
        method_type=MethodType.WIRE,
        method_label="Wire",
        method_id="wire-1",
        created_at=START + timedelta(microseconds=1),
        livemode=True,
        gateway_id="pi_full",
        reference="778",
        lease_until=START + timedelta(minutes=2),
        settled_at=START + timedelta(days=3),
        effective_on=TODAY + timedelta(days=3),
        receipt_number="R-000041",
        memo="Rent",
        order_number="PO-9",
        request_digest="key:what",
        plan_digest="plan",
    )
    bare = made(2, status=CLAIMED, gateway_id="", initiated_by="", customer="C-2", currency="EUR")
    add(unit, full, bare)

    assert unit.payments.get(full.id, EVERYTHING) == full
    assert unit.payments.get(bare.id, EVERYTHING) == bare


def test_a_change_writes_what_it_names_and_leaves_the_rest(unit: Unit) -> None:
    before = made(
        1,
        ("INV-1", 1000),
        status=SUBMITTED,
        lease_until=START,
        memo="Rent",
        request_digest="key:what",
    )
    add(unit, before)
    plain = replace(before, status=UNKNOWN)
    all_of_it = PaymentChange(
        SUCCEEDED,
        gateway_id="pi_other",
        lease_until=START + timedelta(hours=1),
        settled_at=START + timedelta(hours=2),
        effective_on=TODAY + timedelta(days=1),
        receipt_number="R-000007",
        failure_code="was_slow",
        failure_message="It was slow.",
    )

    assert unit.payments.change(before, PaymentChange(UNKNOWN))
    assert unit.payments.get(before.id, EVERYTHING) == plain
    assert unit.payments.change(plain, all_of_it)
    assert unit.payments.get(before.id, EVERYTHING) == replace(
        plain,
        status=SUCCEEDED,
        gateway_id="pi_other",
        lease_until=START + timedelta(hours=1),
        settled_at=START + timedelta(hours=2),
        effective_on=TODAY + timedelta(days=1),
        receipt_number="R-000007",
        failure_code="was_slow",
        failure_message="It was slow.",
    )


def test_money_that_went_back_is_told_with_its_payment_by_day(unit: Unit) -> None:
    add(unit, made(1), made(2))
    for day, kind, amount in ((20100, "refund", 250), (20090, "dispute", 1000)):
        unit._connection.execute(  # type: ignore[attr-defined]
            "INSERT INTO reversals (payment_seq, kind, amount_minor, effective_day, recorded_at, "
            "reason, gateway_id) SELECT seq, ?, ?, ?, '', ?, ? FROM payments WHERE id = ?",
            (kind, amount, day, f"{kind} asked for", f"re_{day}", made(1).id),
        )

    found, other = (unit.payments.get(made(n).id, EVERYTHING) for n in (1, 2))

    assert found is not None and other is not None
    assert found.reversals == (
        Reversal(ReversalKind.DISPUTE, 1000, date(2025, 1, 2), "dispute asked for"),
        Reversal(ReversalKind.REFUND, 250, date(2025, 1, 12), "refund asked for"),
    )
    assert (found.refunded_minor, found.disputed) == (250, True)
    assert other.reversals == ()


# --- One by its name ---


def test_a_receipt_number_is_found_as_it_is_written_only(unit: Unit) -> None:
    add(unit, made(1, receipt_number="R-000001"), made(2, receipt_number="R-1000000"), made(3))

    for n, number in ((1, "R-000001"), (2, "R-1000000")):
        assert unit.payments.with_receipt(number, EVERYTHING) == made(n).id
    for number in ("R-1", "R-0000001", "r-000001", "X-000001", "R-000002", "R-1000001", ""):
        assert unit.payments.with_receipt(number, EVERYTHING) is None, number


@pytest.mark.parametrize("number", ["R-1", "R-0000001", "R-١٢٣٤٥٦", "R-000001x", "x"])
def test_what_is_no_receipt_number_is_not_stored_as_one(unit: Unit, number: str) -> None:
    add(unit, made(1, receipt_number=number))

    found = unit.payments.get(made(1).id, EVERYTHING)
    assert found is not None and found.receipt_number == ""


def test_receipts_go_on_after_the_highest_and_after_each_restore(unit: Unit) -> None:
    assert (unit.payments.highest_receipt(), unit.payments.next_receipt_number()) == (
        0,
        "R-000001",
    )
    add(unit, made(1, receipt_number="R-000009"), made(2, receipt_number="R-000007"))
    assert unit.payments.highest_receipt() == 9
    for receipts_from, highest in ((5, 9), (41, 40), (21, 40)):
        unit.restores.add(START, START, receipts_from, [])
        assert unit.payments.highest_receipt() == highest
    assert unit.payments.next_receipt_number() == "R-000041"


def test_a_key_finds_all_its_attempts_oldest_first_and_no_other_keys(unit: Unit) -> None:
    digests = ("b:9", "a:1", "ab:1", "a:9", "", "aa:1", "a", "a:1")
    add(unit, *(made(n, request_digest=d) for n, d in enumerate(digests, 1)))

    assert numbers(unit.payments.with_key("a", EVERYTHING)) == [2, 4, 8]
    assert numbers(unit.payments.with_key("ab", EVERYTHING)) == [3]
    assert unit.payments.with_key("c", EVERYTHING) == []


# --- Lists ---


def midnight(day: date) -> datetime:
    return START.replace(day=day.day, month=day.month, hour=0)


DAYS = [TODAY - timedelta(days=n) for n in (4, 0, 2, 1, 3, 2, 5)]
LISTED = [
    made(n, customer=f"C-{1 + n % 2}", status=status, created_at=midnight(day), **more)
    for n, (day, status) in enumerate(zip(DAYS, PaymentStatus, strict=True), 1)
    for more in [{"effective_on": day} if status is SUCCEEDED else {}]
] + [
    made(8, created_at=midnight(TODAY), effective_on=DAYS[4]),
    made(9, created_at=midnight(DAYS[4]), effective_on=DAYS[5]),
    made(10, customer="C-2", created_at=midnight(DAYS[5]) - timedelta(microseconds=1)),
    made(11, status=FAILED, created_at=midnight(DAYS[5]) - timedelta(microseconds=1)),
]


def _listed(payment: Payment, selection: PaymentFilter) -> bool:
    """The meaning of a selection, written as plainly as possible."""
    since, made_since = selection.since, selection.made_since
    return (
        selection.customer in (None, payment.customer)
        and selection.status in (None, payment.status)
        and (
            since is None
            or made_since is None
            or (
                payment.created_at >= made_since
                if payment.effective_on is None
                else payment.effective_on >= since
            )
        )
    )


SELECTIONS = [
    PaymentFilter(since, midnight(since) if since else None, status, customer)
    for since in (None, TODAY, *DAYS[2:5], TODAY - timedelta(days=30))
    for status in (None, CLAIMED, SUCCEEDED, FAILED)
    for customer in (None, "C-1", "C-2", "C-404")
]


@pytest.mark.parametrize("limit", [None, 1, 2, 3, 11, 10**30])
def test_a_list_is_what_was_asked_for_the_last_first(unit: Unit, limit: int | None) -> None:
    add(unit, *LISTED)
    for selection in SELECTIONS:
        expected = [p for p in reversed(LISTED) if _listed(p, selection)]
        page = unit.payments.page(selection, EVERYTHING, limit=limit)
        assert list(page.items) == expected[:limit], selection
        assert page.more == (limit is not None and limit < len(expected))


def test_a_list_is_one_of_all_allocations(unit: Unit) -> None:
    """However many payments there are: they are read some hundred at a time."""
    many = [made(n, ("INV-2", n), ("INV-1", 2 * n), amount_minor=3 * n) for n in range(1, 1003)]
    add(unit, *many)

    assert list(unit.payments.page(PaymentFilter(), EVERYTHING).items) == many[::-1]


def test_under_way_is_what_has_no_end_yet_oldest_first(unit: Unit) -> None:
    on = (("INV-1", 100), ("INV-2", 100), ("INV-1", 1), ("INV-3", 5), ("INV-1", 5), ("INV-1", 7))
    statuses = tuple(PaymentStatus)
    pairs = zip(statuses, (*on, on[0]), strict=True)
    under_way = [made(n, each, status=status) for n, (status, each) in enumerate(pairs, 1)]
    add(unit, *under_way, made(8, status=CLAIMED))

    assert numbers(unit.payments.unsettled(EVERYTHING)) == [1, 2, 3, 4, 8]
    assert {p.status for p in unit.payments.unsettled(EVERYTHING)} == UNDER_WAY
    for invoices, expected in (
        (["INV-1"], [1, 3]),
        (["INV-2", "INV-3"], [2, 4]),
        (["INV-1", "INV-2", "INV-1"], [1, 2, 3]),
        (["INV-9", "INV-404"], []),
        ([], []),
    ):
        assert numbers(unit.payments.unsettled(EVERYTHING, invoices)) == expected


def test_standings_are_of_those_that_are_there(unit: Unit) -> None:
    payments = [made(n, status=status) for n, status in enumerate(PaymentStatus, 1)]
    add(unit, *payments)

    found = unit.payments.known([*(p.id for p in payments[1:]), made(99).id])

    assert found == {p.id: (p.status, p.gateway_id) for p in payments[1:]}
    assert unit.payments.known([]) == {}


# --- Who has been told ---

UNTOLD = [
    made(1, ("INV-1", 100), status=PROCESSING),
    made(2, ("INV-1", 100), ("INV-2", 100)),
    made(3, ("INV-2", 100), initiated_by=""),
]
NOT_TOLD_OF = [
    *(
        made(n, ("INV-1", 100), status=status)
        for n, status in enumerate(PaymentStatus, 10)
        if status not in (PROCESSING, SUCCEEDED)
    ),
    made(20, ("INV-1", 100), gateway_id="", reference="a cheque"),
    made(21, ("INV-1", 100), initiated_by=FINANCE),
    made(22, ("INV-3", 100)),
    made(23),
]


def test_a_contact_is_told_of_charges_of_ones_own_and_of_nobodys(unit: Unit) -> None:
    """Of these invoices, once they are at the bank or have succeeded."""
    add(unit, *NOT_TOLD_OF, *UNTOLD)

    def unacknowledged(*invoices: str, contact: str = PAYER) -> list[int]:
        return numbers(unit.payments.not_acknowledged(invoices, contact))

    assert unacknowledged("INV-1", "INV-2") == [1, 2, 3]
    assert unacknowledged("INV-2") == [2, 3]
    assert unacknowledged("INV-404") == unacknowledged() == []
    assert unacknowledged("INV-1", "INV-2", contact=FINANCE) == [21, 3]
    unit.payments.acknowledge(made(2).id, PAYER, START)
    unit.payments.acknowledge(made(3).id, FINANCE, START)
    unit.payments.acknowledge(made(3).id, FINANCE, START)
    assert unacknowledged("INV-1", "INV-2") == [1, 3]
    assert unacknowledged("INV-1", "INV-2", contact=FINANCE) == [21]


def test_who_is_to_be_told_is_who_paid_or_whoever_asks(unit: Unit) -> None:
    own, nobodys = made(1), made(2, initiated_by="")
    add(unit, own, nobodys)

    def is_told(payment: Payment) -> list[bool]:
        return [unit.payments.is_acknowledged(payment, contact) for contact in (PAYER, FINANCE)]

    assert is_told(own) == is_told(nobodys) == [False, False]
    for payment in (own, nobodys):
        unit.payments.acknowledge(payment.id, FINANCE, START)
    assert is_told(own) == [False, False]
    assert is_told(nobodys) == [False, True]
    unit.payments.acknowledge(own.id, PAYER, START)
    assert is_told(own) == [True, True]


# --- What could not be put on its invoices ---


def unplaced(unit: Unit, *invoices: str, every: bool = False) -> list[tuple[int, str, int]]:
    found = unit.payments.unplaced(None if every else invoices)
    return [(int(p.id[:8]), each.invoice, each.amount_minor) for p, each in found]


def lost(unit: Unit, payment: Payment, *on: tuple[str, int]) -> None:
    """Add it, with what could not be put on its invoices."""
    unit.payments.add(payment)
    unit.payments.add_unplaced(payment.id, [Allocation(*each) for each in on])


def test_unplaced_is_what_can_be_put_on_an_invoice_of_its_customer_oldest_first(
    unit: Unit,
) -> None:
    unit._connection.execute(  # type: ignore[attr-defined]
        "INSERT INTO invoices (number, kind, customer_id, issued_day, due_day, currency, "
        "total_minor) SELECT 'CM-1', 'credit_memo', id, 1, 1, 'USD', -5000 FROM customers "
        "WHERE number = 'C-1'"
    )
    for n, status in enumerate(PaymentStatus, 1):
        lost(unit, made(n, ("INV-3", 400), status=status), ("INV-2", 500), ("INV-1", 100))
    lost(unit, made(8, ("INV-3", 400), ("INV-1", 600)), ("INV-2", 500))  # nothing left
    lost(unit, made(9, ("INV-3", 400), ("INV-1", 599)), ("INV-2", 500))
    lost(unit, made(10), ("CM-1", 1000), ("INV-404", 1000))
    lost(unit, made(11), ("INV-9", 1000))  # another customer's
    lost(unit, made(12), ("INV-4", 1000))  # another currency
    lost(unit, made(13, customer="C-2"), ("INV-9", 1000))

    here = [1, 2, 3, 4, 5]
    by_one = [(n, each, amount) for n in here for each, amount in (("INV-1", 100), ("INV-2", 500))]
    others = [(9, "INV-2", 500), (13, "INV-9", 1000)]
    assert unplaced(unit, every=True) == [*by_one, *others]
    assert unplaced(unit, "INV-2") == [*((n, "INV-2", 500) for n in here), (9, "INV-2", 500)]
    assert unplaced(unit, "INV-9", "INV-1") == [*by_one[::2], (13, "INV-9", 1000)]
    assert unplaced(unit) == unplaced(unit, "INV-3", "INV-404") == []
    first = unit.payments.unplaced(["INV-1"])[0][0]
    assert first == unit.payments.get(made(1).id, EVERYTHING)


def test_what_is_placed_goes_from_the_unplaced_to_the_allocations(unit: Unit) -> None:
    """Added to what the invoice has of the payment, or behind what the others have of it."""
    payment, other = made(1, ("INV-2", 100), ("INV-3", 50), amount_minor=5000), made(2)
    lost(unit, payment, ("INV-1", 1000), ("INV-2", 300), ("INV-4", 10))
    lost(unit, other, ("INV-1", 1000))
    bare = made(3)
    lost(unit, bare, ("INV-1", 7))

    def allocations(which: Payment) -> list[tuple[str, int]]:
        found = unit.payments.get(which.id, EVERYTHING)
        assert found is not None
        return [(each.invoice, each.amount_minor) for each in found.allocations]

    unit.payments.place(payment, Allocation("INV-1", 400))
    assert allocations(payment) == [("INV-2", 100), ("INV-3", 50), ("INV-1", 400)]
    assert unplaced(unit, every=True) == [
        (1, "INV-1", 600),
        (1, "INV-2", 300),
        (2, "INV-1", 1000),
        (3, "INV-1", 7),
    ]
    unit.payments.place(payment, Allocation("INV-2", 300))
    unit.payments.place(payment, Allocation("INV-1", 599))
    unit.payments.place(bare, Allocation("INV-1", 7))
    assert allocations(payment) == [("INV-2", 400), ("INV-3", 50), ("INV-1", 999)]
    assert allocations(bare) == [("INV-1", 7)]
    assert allocations(other) == []
    assert unplaced(unit, every=True) == [(1, "INV-1", 1), (2, "INV-1", 1000)]
