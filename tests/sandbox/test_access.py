"""Who may talk to a sandbox: every endpoint asks for its key, its own address, and no other site's
page."""

from __future__ import annotations

import base64
import http.client
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import stripe

from invoicepay.sandbox.access import Access
from invoicepay.sandbox.api import _ROUTES
from invoicepay.sandbox.faults import add_fault
from invoicepay.sandbox.server import SandboxServer
from invoicepay.sandbox.wire import StripeError
from tests.world.another_user import as_another_user, needs_another_user, open_folder

if TYPE_CHECKING:
    from tests.sandbox.conftest import Bare

ENDPOINTS = [
    *((method, "/".join(path).replace(":id", "pi_1")) for method, *path in _ROUTES),
    ("GET", "/"),
    ("GET", "/v1/nothing"),
    ("PUT", "/v1/customers"),
]


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def test_every_server_has_a_test_key_of_its_own(tmp_path: Path) -> None:
    keys = set()
    for number in range(4):
        file = tmp_path / f"{number}.db"
        with SandboxServer(file) as one, SandboxServer(file) as same:
            keys |= {one.key, same.key}
            assert one.key not in repr(one) + repr(vars(one))
    assert len(keys) == 8
    for key in keys:
        assert re.fullmatch("sk_test_[A-Za-z0-9]{32}", key)  # 190 bits


@pytest.mark.parametrize(("method", "url"), ENDPOINTS)
def test_without_its_key_no_endpoint_does_anything(
    bare: Bare, path: Path, tmp_path: Path, method: str, url: str
) -> None:
    add_fault(path, "**", "status_500")
    with SandboxServer(tmp_path / "other.db") as other:
        keys = [other.key, bare.key[:-1], bare.key.lower(), bare.key + "x", "sk_test_é"]
        headers = [f"Bearer {key}" for key in keys] + [basic(key) for key in keys]
        headers += ["", "Bearer", "Bearer ", "Basic !!", f"Digest {bare.key}", bare.key]
        headers += [f"Basic {bare.key}", basic(f"x:{bare.key}"), "Bearer sk_live_abc"]
        for header in headers:
            reply = bare(method, url, headers={"Authorization": header.encode().decode("latin-1")})
            assert reply.status == 401, header
            assert reply.error["type"] == "invalid_request_error"
            assert set(reply.error) == {"message", "type"}
            assert reply.headers["WWW-Authenticate"] == 'Basic realm="Stripe"'
            assert reply.headers["Request-Id"].startswith("req_")
            assert "sk_" not in reply.text
    assert bare("GET", "/v1/account").status == 500  # none of them has met the fault
    assert bare.get("/v1/events")["data"] == []


def test_its_key_by_bearer_or_as_basics_user(bare: Bare) -> None:
    for header in (f"Bearer {bare.key}", f"bearer  {bare.key}", basic(bare.key)):
        assert bare("GET", "/v1/account", headers={"Authorization": header}).status == 200


@pytest.mark.parametrize("key", ["sk_live_abc", "rk_live_abc"])
def test_a_live_key_is_told_that_no_money_moves_here(bare: Bare, key: str) -> None:
    reply = bare("POST", "/v1/customers", headers={"Authorization": f"Bearer {key}"})
    assert reply.status == 401
    assert "refuses live keys" in reply.error["message"]


def test_the_sdk_raises_authentication_error(server: SandboxServer) -> None:
    http_client = stripe.RequestsClient()
    client = stripe.StripeClient(
        "sk_test_x", base_addresses={"api": server.url}, http_client=http_client
    )
    with pytest.raises(stripe.AuthenticationError):
        client.v1.accounts.retrieve_current()
    http_client.close()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "127.0.0.1",
     "127.0.0.1:1", "localhost", "localhost.:{port}", "[::1]:{port}", "0.0.0.0:{port}",
     "127.1:{port}", "127.0.0.1:{port}x", "localhost:0{port}", "user@localhost:{port}"],
)  # fmt: skip
@pytest.mark.parametrize("url", ["/v1/account", "/v1/events", "/"])
def test_another_address_is_refused_even_with_the_key(bare: Bare, host: str, url: str) -> None:
    port = urlsplit(bare.url).port
    assert bare("GET", url, headers={"Host": host.format(port=port)}).status == 421


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LocalHost:{port}"])
def test_its_own_addresses(bare: Bare, host: str) -> None:
    at = host.format(port=urlsplit(bare.url).port)
    for origin in ({}, {"Origin": f"http://{at}"}):
        assert bare("GET", "/v1/account", headers={"Host": at, **origin}).status == 200


def test_its_own_addresses_in_ipv6_and_on_the_port_that_is_left_out() -> None:
    def answers(host: str, port: int, name: str) -> bool:
        headers = {"host": name, "authorization": "Bearer sk_test_x"}
        try:
            Access(host, port, "sk_test_x").check(list(headers), headers)
        except StripeError as error:
            assert error.status == 421
            return False
        return True

    assert answers("::1", 12111, "[::1]:12111")
    assert not answers("::1", 12111, "127.0.0.1:12111")
    assert not answers("::1", 12111, "::1:12111")
    assert answers("127.0.0.1", 80, "localhost")
    assert answers("::1", 80, "[::1]")
    assert not answers("127.0.0.1", 80, "evil.example")


@pytest.mark.parametrize(
    "origin",
    ["null", "", "http://a.example", "http://127.0.0.1", "http://127.0.0.1:1",
     "https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1:{port}/",
     "http://127.0.0.1:{port}, http://a.example"],
)  # fmt: skip
@pytest.mark.parametrize("url", ["/v1/customers", "/v1/events", "/"])
def test_a_page_of_another_site_is_refused_even_with_the_key(
    bare: Bare, origin: str, url: str
) -> None:
    says = {"Origin": origin.format(port=urlsplit(bare.url).port)}
    reply = bare("POST", url, {"name": "Mallory"}, headers=says)
    assert reply.status == 403
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert bare.get("/v1/customers")["data"] == []


def test_a_browsers_question_before_a_request_of_another_site_is_not_granted(bare: Bare) -> None:
    asks = {"Origin": "http://a.example", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization"}  # fmt: skip
    reply = bare("OPTIONS", "/v1/customers", headers=asks)
    assert reply.status >= 400
    assert not [name for name in reply.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize(
    "line", ["Host: {at}", "Authorization: Bearer {key}", "Origin: http://{at}",
             "Content-Length: 0"]
)  # fmt: skip
def test_a_header_that_decides_is_taken_once(bare: Bare, line: str) -> None:
    at = urlsplit(bare.url).netloc
    name, _, value = line.format(at=at, key=bare.key).partition(": ")
    connection = http.client.HTTPConnection(at, timeout=30)
    connection.putrequest("GET", "/v1/account", skip_host=True)
    for each in {"Host": at, "Authorization": f"Bearer {bare.key}", name: value}.items():
        connection.putheader(*each)
    connection.putheader(name.lower(), value)
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


ANOTHER_USER = """
import sys, urllib.error, urllib.request
for path in ("/v1/customers", "/v1/events", "/v1/charges"):
    try:
        print(urllib.request.urlopen(sys.argv[1] + path).status)
    except urllib.error.HTTPError as error:
        print(error.code)
for file in sys.argv[2:]:
    try:
        open(file)
        print("opened")
    except OSError as error:
        print(type(error).__name__)
"""


@needs_another_user
def test_another_user_of_the_machine_gets_nothing() -> None:
    with open_folder() as folder, SandboxServer(folder / "sandbox.db") as server:
        files = sorted(folder.iterdir())
        said = as_another_user(ANOTHER_USER, server.url, *files)
    assert len(files) == 3
    assert said == ["401"] * 3 + ["PermissionError"] * len(files)


def test_a_restricted_key_may_not_read_the_account(bare: Bare, server: SandboxServer) -> None:
    account = bare.get("/v1/account")["id"]
    headers = {"Authorization": f"Bearer {server.restricted_key}"}

    reply = bare("GET", "/v1/account", headers=headers)

    assert reply.status == 403
    assert reply.error["type"] == "invalid_request_error"
    assert "code" not in reply.error
    assert f"on account '{account}'" in reply.error["message"]
    assert server.restricted_key not in reply.text
    assert bare("GET", "/v1/customers", headers=headers).status == 200
