"""Stripe's wire: keys, forms, errors, pages, expansion."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from invoicepay.sandbox import wire
from invoicepay.sandbox.server import SandboxServer

if TYPE_CHECKING:
    from tests.sandbox.conftest import Bare


def test_every_answer_says_who_and_which_version(bare: Bare) -> None:
    reply = bare("GET", "/v1/account")
    assert reply.headers["Request-Id"].startswith("req_")
    assert reply.headers["Stripe-Version"] == "2026-10-28.endive"
    assert reply.headers["Content-Type"] == "application/json"


def test_another_version_is_refused(bare: Bare) -> None:
    reply = bare("GET", "/v1/account", headers={"Stripe-Version": "2020-08-27"})
    assert reply.status == 400
    assert "2026-10-28.endive" in reply.error["message"]


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/v1/refunds"),
        ("POST", "/v1/checkout/sessions"),
        ("GET", "/v1/customers/"),
        ("DELETE", "/v1/payment_intents/pi_1"),
        ("PUT", "/v1/customers"),
        ("GET", "/"),
        ("POST", "/v1/payment_intents/pi_1/confirm/again"),
    ],
)
def test_an_unknown_url_is_404(bare: Bare, method: str, url: str) -> None:
    reply = bare(method, url)
    assert reply.status == 404
    assert reply.error["message"].startswith(f"Unrecognized request URL ({method}: {url})")


def test_an_object_that_is_not_there(bare: Bare) -> None:
    reply = bare("GET", "/v1/payment_intents/pi_nope")
    assert reply.status == 404
    assert reply.error == {
        "code": "resource_missing",
        "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
        "message": "No such payment_intent: 'pi_nope'",
        "param": "intent",
        "type": "invalid_request_error",
    }
    # An id of another kind names nothing either.
    assert bare("GET", f"/v1/charges/{bare.customer()}").status == 404


def test_a_missing_object_in_a_parameter_is_400(bare: Bare) -> None:
    reply = bare("POST", "/v1/payment_methods/pm_card_visa/attach", {"customer": "cus_nope"})
    assert (reply.status, reply.error["param"]) == (400, "customer")


def test_only_forms_are_taken(bare: Bare) -> None:
    json_type = {"Content-Type": "application/json"}
    reply = bare("POST", "/v1/customers", '{"name": "A"}', headers=json_type)
    assert reply.status == 400
    assert "application/x-www-form-urlencoded" in reply.error["message"]


@pytest.mark.parametrize("form", ["name=%ff", "name[=1", "a[b][c][d][e][f][g]=1", "=1", "[x]=1"])
def test_a_broken_form_is_400(bare: Bare, form: str) -> None:
    assert bare("POST", "/v1/customers", form).status == 400


def test_a_body_without_length_or_too_large(bare: Bare) -> None:
    assert bare("POST", "/v1/customers", headers={"Transfer-Encoding": "chunked"}).status == 411
    assert bare("POST", "/v1/customers", headers={"Content-Length": "99999999"}).status == 413


_leaf = st.text("a1 &=[]%+;é€😀\n", min_size=1, max_size=8)
_name = st.text("abcdefgh_", min_size=1, max_size=6)
_value = st.recursive(
    _leaf,
    lambda inner: (
        st.dictionaries(_name, inner, min_size=1, max_size=3)
        | st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


def _by_index(value: Any) -> Any:
    if isinstance(value, list):
        value = {str(index): item for index, item in enumerate(value)}
    if isinstance(value, dict):
        return {name: _by_index(item) for name, item in value.items()}
    return value


def _depth(value: Any) -> int:
    items = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, items), default=0) if isinstance(value, (dict, list)) else 0


@given(st.dictionaries(_name, _value, max_size=4))
def test_what_the_sdk_encodes_is_decoded(params: dict[str, Any]) -> None:
    if _depth(params) > wire.MAX_DEPTH:
        return
    form = urlencode(list(_api_encode(params)))
    assert wire.decode(form.encode()) == _by_index(params)


def test_pages_follow_each_other_newest_first(client: stripe.StripeClient, bare: Bare) -> None:
    made = [client.v1.customers.create({"name": f"N{n}"}).id for n in range(7)]
    first = bare.get("/v1/customers", {"limit": 3})
    assert first["object"] == "list"
    assert first["url"] == "/v1/customers"
    assert first["has_more"] is True
    assert [c["id"] for c in first["data"]] == made[:3:-1]
    assert [c.id for c in client.v1.customers.list({"limit": 2}).auto_paging_iter()] == made[::-1]
    back = bare.get("/v1/customers", {"limit": 2, "ending_before": made[2]})
    assert [c["id"] for c in back["data"]] == [made[4], made[3]]
    assert back["has_more"] is True
    last = bare.get("/v1/customers", {"starting_after": made[1]})
    assert ([c["id"] for c in last["data"]], last["has_more"]) == ([made[0]], False)


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"starting_after": "cus_no"}, {"colour": "red"}],
)
def test_a_list_refuses(bare: Bare, params: dict[str, Any]) -> None:
    reply = bare("GET", "/v1/customers", params)
    assert (reply.status, reply.error["param"]) == (400, next(iter(params)))


def test_lists_filter(bare: Bare) -> None:
    one, two = bare.customer(), bare.customer()
    paid = bare.intent("pm_card_visa", one)
    bare.intent("pm_usBankAccount_success", two)
    bare.confirm(paid["id"])
    assert [i["id"] for i in bare.get("/v1/payment_intents", {"customer": one})["data"]] == [
        paid["id"]
    ]
    by_type = {"customer": two, "type": "card"}
    assert bare.get("/v1/payment_methods", by_type)["data"] == []
    assert len(bare.get(f"/v1/customers/{two}/payment_methods")["data"]) == 1
    (charge,) = bare.get("/v1/charges", {"payment_intent": paid["id"]})["data"]
    assert bare.get("/v1/charges", {"customer": two})["data"] == []
    assert len(bare.get("/v1/balance_transactions", {"source": charge["id"]})["data"]) == 1
    created = paid["created"]
    for bounds, count in (
        (created + 3600, 0),
        ({"gte": created, "lt": created + 3600}, 2),
        ({"gt": created + 3600}, 0),
        ({"lte": created - 1}, 0),
    ):
        found = bare.get("/v1/payment_intents", {"created": bounds})
        assert len(found["data"]) == count, bounds


def test_events_by_type(bare: Bare) -> None:
    bare.confirm(bare.intent("pm_card_visa")["id"])
    assert bare.events(type="charge.*") == ["charge.succeeded"]
    assert bare.events(types=["payment_intent.created", "customer.created"]) == [
        "customer.created",
        "payment_intent.created",
    ]
    newest = bare.get("/v1/events", {"limit": 1})["data"][0]
    assert bare.get(f"/v1/events/{newest['id']}") == newest
    assert newest["data"]["object"]["status"] == "succeeded"


def test_expansion(bare: Bare) -> None:
    intent = bare.intent("pm_card_visa")
    expand = ["customer", "payment_method", "latest_charge.balance_transaction.source"]
    confirmed = bare.confirm(intent["id"], expand=expand).json
    assert confirmed["customer"]["id"] == intent["customer"]
    assert confirmed["payment_method"]["card"]["last4"] == "4242"
    charge = confirmed["latest_charge"]
    assert charge["balance_transaction"]["source"]["id"] == charge["id"]
    listed = bare.get("/v1/payment_intents", {"expand": ["data.latest_charge"]})
    assert listed["data"][0]["latest_charge"]["id"] == charge["id"]
    null = bare.intent(expand=["latest_charge.balance_transaction"])
    assert null["latest_charge"] is None


@pytest.mark.parametrize("name", ["amount", "nothing", "customer.email", "data.customer"])
def test_what_cannot_be_expanded_is_refused_before_anything_happens(bare: Bare, name: str) -> None:
    intent = bare.intent("pm_card_visa")
    reply = bare.confirm(intent["id"], expand=[name])
    assert (reply.status, reply.error["param"]) == (400, "expand")
    assert bare.get(f"/v1/payment_intents/{intent['id']}")["status"] == "requires_confirmation"


def test_nothing_of_the_sandboxs_own_notes_is_shown(bare: Bare) -> None:
    intent = bare.intent("pm_card_visa", expand=["payment_method"])
    reply = bare.confirm(intent["id"])
    events = bare("GET", "/v1/events", {"limit": 100})
    for text in (reply.text, events.text, str(intent)):
        assert "_token" not in text


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.com", ""])
def test_it_binds_to_loopback_only(tmp_path: Any, host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        SandboxServer(tmp_path / "s.db", host)


def test_many_requests_on_one_connection(server: SandboxServer) -> None:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port or 0), timeout=30) as sock:
        line = f"GET /v1/account HTTP/1.1\r\nHost: {address.netloc}\r\n".encode()
        line += f"Authorization: Bearer {server.key}\r\n".encode()
        sock.sendall((line + b"\r\n") * 2 + line + b"Connection: close\r\n\r\n")
        received = b""
        while piece := sock.recv(65536):
            received += piece
    assert received.count(b"HTTP/1.1 200 OK") == 3


def test_half_a_request_is_not_executed(server: SandboxServer, bare: Bare) -> None:
    """`amount=1234` cut to `amount=12` would be a good form."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port or 0), timeout=30) as sock:
        sock.sendall(
            f"POST /v1/customers HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {server.key}\r\nContent-Length: 8\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\nname=A".encode()
        )
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
    assert bare.get("/v1/customers")["data"] == []


def test_a_stopped_server_hangs_up(path: Any) -> None:
    server = SandboxServer(path)
    server.start()
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port or 0), timeout=30) as idle:
        server.stop()
        assert idle.recv(1) == b""
    with pytest.raises(OSError):
        socket.create_connection((address.hostname, address.port or 0), timeout=1).close()
    server.stop()  # once more does no harm
