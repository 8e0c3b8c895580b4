"""What is written on an intent says what it is for, in any script, or that it may not say all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from invoicepay.billing.payment import Allocation
from invoicepay.gateway.metadata import all_invoices_in, allocations_in, written
from tests.gateway.test_requests import ORDER

PART = "invoicepay_allocations_"
numbers = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from(" =%2053D"), min_size=1, max_size=64
)
allocations = st.builds(Allocation, numbers, st.integers(1, 10**12))


@example([Allocation("%20", 1), Allocation("%3D=", 2), Allocation(" ", 3)])
@given(st.lists(allocations, min_size=1, max_size=40, unique_by=lambda a: a.invoice))
def test_every_invoice_number_comes_back(of: list[Allocation]) -> None:
    found = written(replace(ORDER, allocations=tuple(of)))

    assert allocations_in(found) == tuple(of)
    assert all_invoices_in(found, sum(a.amount_minor for a in of)) == frozenset(
        a.invoice for a in of
    )
    assert len(found) <= 50
    assert all(len(name) <= 40 and len(value) <= 500 for name, value in found.items())


def test_what_separates_is_escaped_and_nothing_else() -> None:
    """As it stands on charges that were made long ago."""
    of = (Allocation("INV 1=2", 345), Allocation("100%", 5), Allocation("№-7&a+b", 6))
    found = written(replace(ORDER, allocations=of))

    assert found[f"{PART}0"] == "INV%201%3D2=345 100%25=5 №-7&a+b=6"


def test_a_value_is_filled_to_its_last_character() -> None:
    """Stripe takes 500."""

    def parts(*lengths: int) -> list[int]:
        """Of allocations whose texts are so long: the lengths of the values."""
        of = tuple(Allocation(f"{n}".rjust(length - 2, "x"), 7) for n, length in enumerate(lengths))
        found = written(replace(ORDER, allocations=of))
        assert allocations_in(found) == of
        return [len(value) for name, value in found.items() if name.startswith(PART)]

    assert parts(100, 100, 100, 100, 96) == [500]
    assert parts(100, 100, 100, 100, 97) == [403, 97]
    assert parts(100, 100, 100, 100, 96, 5) == [500, 5]


def test_what_does_not_fit_is_left_out_and_told() -> None:
    of = tuple(Allocation(f"INVOICE-{n:08d}", 1000) for n in range(2000))
    found = written(replace(ORDER, allocations=of))

    read = allocations_in(found)
    assert len(found) == 49
    assert read == of[: len(read)]
    assert all_invoices_in(found, 1000 * len(of)) is None
    assert all_invoices_in(found, None) is None
    assert all_invoices_in(found, 1) is None


def test_without_a_key_there_is_nothing_of_one() -> None:
    assert "invoicepay_request" not in written(replace(ORDER, request_digest=""))
    assert written(ORDER)["invoicepay_request"] == "key:what"


@pytest.mark.parametrize(
    "text",
    ["", "INV-1", "=5", "INV-1=", "INV-1=-5", "INV-1=5x", "INV-1=٥", f"INV-1=1{'0' * 18}"],
)
def test_what_cannot_be_read_is_left_out_and_told(text: str) -> None:
    found = {f"{PART}0": f"INV-2=10 {text} INV-3=20"}

    assert allocations_in(found) == (Allocation("INV-2", 10), Allocation("INV-3", 20))
    assert all_invoices_in(found, None) is None


def test_where_nothing_is_written_it_may_be_for_any_invoice() -> None:
    assert allocations_in({}) == ()
    assert all_invoices_in({}, None) is None
    assert all_invoices_in({f"{PART}1": "INV-1=5"}, None) is None


def test_the_largest_amount_is_read() -> None:
    found = {f"{PART}0": f"INV-1={'9' * 18}"}

    assert allocations_in(found) == (Allocation("INV-1", 10**18 - 1),)
    assert all_invoices_in(found, 10**18 - 1) == frozenset({"INV-1"})
    assert all_invoices_in(found, 10**18) is None
