"""Customers, as each may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoicepay.operations.customers import ListCustomers, ShowCustomer

if TYPE_CHECKING:
    from tests.world.people import World

FINANCE, EVE = "finance@acme.example", "eve@two.example"


def test_customers_see_their_own(world: World) -> None:
    assert [c.number for c in world.call(ListCustomers(), world.log_in(EVE))] == ["C-2", "C-3"]
    assert len(world.call(ListCustomers(), world.log_in(FINANCE))) == 3


def test_anothers_reads_like_none(world: World) -> None:
    eve = world.log_in(EVE)
    theirs, none = world.error(ShowCustomer("C-1"), eve), world.error(ShowCustomer("C-9"), eve)
    assert theirs.code == none.code == "not_found"
    assert theirs.message.replace("C-1", "?") == none.message.replace("C-9", "?")
    assert theirs.hint == none.hint


def test_one_customer_and_what_it_owes(world: World) -> None:
    view = world.call(ShowCustomer("C-2"), world.log_in(EVE))
    assert (view.customer.name, view.open, view.contacts) == ("Customer 2", (), ())
    for_staff = world.call(ShowCustomer("C-2"), world.log_in(FINANCE))
    assert [c.email for c in for_staff.contacts] == [EVE]
