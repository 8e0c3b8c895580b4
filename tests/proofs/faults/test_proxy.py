"""A proxy between this machine and the gateway: what it sees, and what comes of one that refuses,
drips, hangs up or opens the TLS. Whatever it does, nothing is charged that is not known."""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import stripe

from invoicepay.billing.errors import Usage
from invoicepay.billing.ports import NoAnswer
from invoicepay.gateway import stripe_gateway
from invoicepay.gateway.route import Route
from invoicepay.gateway.stripe_gateway import StripeGateway
from tests.proofs.faults.conftest import KEY
from tests.proofs.faults.test_slow_gateway import DRIPS, drip, stopped
from tests.world.connect_proxy import OK, Answer, ConnectProxy, connected, refused
from tests.world.false_stripe import ANSWERS, Behaviour, FalseStripe
from tests.world.false_stripe import Answer as FalseAnswer
from tests.world.slow_smtp import BEAT
from tests.world.tls import Certificate, make_certificate

Start = Callable[[Behaviour, Certificate | None], FalseStripe]
StartProxy = Callable[..., ConnectProxy]
__all__ = ["stopped"]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the SDK would have waited before it tries again; it does not wait."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    """Of the proxy; the gateway is always spoken to in TLS."""
    return str(request.param)


@pytest.fixture
def bank(start: Start, localhost: Certificate) -> FalseStripe:
    return start(ANSWERS["account"], localhost)


@pytest.fixture
def proxy(bank: FalseStripe, scheme: str, localhost: Certificate) -> Iterator[StartProxy]:
    """Starts one that leads to the bank."""
    with ExitStack() as running:

        def started(answer: Answer = connected, **more: object) -> ConnectProxy:
            tls = localhost.server() if scheme == "https" else None
            leads = {f"localhost:{bank.port}": bank.port}
            return running.enter_context(ConnectProxy(leads, answer, tls, **more))  # type: ignore[arg-type]

        yield started


def gateway(bank: FalseStripe, authority: Certificate, proxy: str, **more: str) -> StripeGateway:
    route = Route(proxy=proxy, ca_file=str(authority.file), **more)
    address = f"https://localhost:{bank.port}"
    return StripeGateway(KEY, livemode=True, base_address=address, route=route)


# --- What passes through it ---------------------------------------------------------------------


def test_an_answer_comes_through_and_the_proxy_reads_none_of_it(
    bank: FalseStripe, proxy: StartProxy, localhost: Certificate
) -> None:
    through = proxy()

    assert gateway(bank, localhost, through.url).account() == "acct_1"

    assert bank.asked[0].authorization == f"Bearer {KEY}"
    (head,) = through.asked
    assert head.startswith(f"CONNECT localhost:{bank.port} HTTP/1.".encode())
    seen = b"".join(through.asked) + through.sent
    assert KEY.encode() not in seen
    assert b"Proxy-Authorization" not in seen


def test_the_proxys_password_is_for_the_proxy_alone(
    bank: FalseStripe, proxy: StartProxy, localhost: Certificate
) -> None:
    pair = base64.b64encode("büro:pass wörd:1".encode())

    def answer(head: bytes) -> bytes:
        return OK if b"Proxy-Authorization: Basic " + pair in head else refused("407 No")(head)

    through = proxy(answer)
    headers: list[str] = []

    def watched(connection: object) -> object:
        headers.extend(f"{n}: {v}" for n, v in connection.headers.items())  # type: ignore[attr-defined]
        return ANSWERS["account"](connection)  # type: ignore[arg-type]

    bank.behaves = watched  # type: ignore[assignment]
    there = gateway(bank, localhost, through.url, user="büro", password="pass wörd:1")
    assert there.account() == "acct_1"
    assert not any(line.startswith("Proxy-") for line in headers)
    assert "pass wörd" not in repr(Route(password="pass wörd"))


def test_what_is_on_this_machine_is_asked_without_it(
    start: Start, proxy: StartProxy, localhost: Certificate
) -> None:
    """The practice bank, in plain HTTP."""
    through = proxy()
    plain = start(ANSWERS["account"], None)
    route = Route(proxy=through.url, ca_file=str(localhost.file))
    address = f"http://127.0.0.1:{plain.port}"

    there = StripeGateway(KEY, livemode=True, base_address=address, route=route)

    assert there.account() == "acct_1"
    assert through.connections == 0


def test_variables_name_no_proxy(
    bank: FalseStripe, proxy: StartProxy, localhost: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    tempting = proxy()
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, tempting.url)

    assert gateway(bank, localhost, "").account() == "acct_1"
    assert tempting.connections == 0


# --- One that refuses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "says", "hint", "tries"),
    [
        ("407 \x1b[31mNo", "407 Proxy Authentication Required", "proxy_user", 1),
        ("403 Forbidden", "403 Forbidden", "it must let api.stripe.com through", 1),
        ("400 Bad", "400 Bad Request", "it must let api.stripe.com through", 1),
        ("500 Oops", "500 Internal Server Error", "it must let api.stripe.com through", 3),
        ("503 Busy", "503 Service Unavailable", "it must let api.stripe.com through", 3),
        ("302 Found", "302 Found", "it must let api.stripe.com through", 3),
        ("799 Odd", "799", "it must let api.stripe.com through", 3),
    ],
)
def test_one_that_does_not_connect_is_named_and_nothing_is_sent(
    status: str,
    says: str,
    hint: str,
    tries: int,
    bank: FalseStripe,
    proxy: StartProxy,
    localhost: Certificate,
    pauses: list[float],
) -> None:
    """A wrong password is not tried again: some lock a user who keeps trying."""
    through = proxy(refused(status))

    with pytest.raises(NoAnswer) as caught:
        gateway(bank, localhost, through.url).confirm("pi_1", "payment")

    assert str(caught.value) == f"the proxy localhost:{through.port} answered {says}"
    assert hint in caught.value.hint
    assert len(through.asked) == tries
    assert bank.asked == []
    assert KEY.encode() not in b"".join(through.asked)


def test_nobody_listens(localhost: Certificate, bank: FalseStripe, pauses: list[float]) -> None:
    with pytest.raises(NoAnswer) as caught:
        gateway(bank, localhost, "http://localhost:1").account()

    assert str(caught.value) == "no answer from the proxy localhost:1"
    assert "Check [gateway] proxy" in caught.value.hint
    assert bank.asked == []


@pytest.mark.parametrize(
    "answer", [b"", b"\r\n", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\xff" * 70_000]
)
def test_what_is_no_proxy_is_no_answer(
    answer: bytes,
    bank: FalseStripe,
    proxy: StartProxy,
    localhost: Certificate,
    pauses: list[float],
) -> None:
    through = proxy(lambda head: answer)

    with pytest.raises(NoAnswer) as caught:
        gateway(bank, localhost, through.url).confirm("pi_1", "payment")

    assert str(caught.value) == f"no answer from the proxy localhost:{through.port}"
    assert bank.asked == []


def test_one_that_speaks_tls_where_plain_is_named_and_the_other_way_round(
    bank: FalseStripe, proxy: StartProxy, scheme: str, localhost: Certificate, pauses: list[float]
) -> None:
    other = {"http": "https", "https": "http"}[scheme]
    through = proxy()
    with pytest.raises(NoAnswer, match=r"^no answer from the (proxy|gateway through the proxy)"):
        gateway(bank, localhost, f"{other}://localhost:{through.port}").account()
    assert bank.asked == []


def test_what_speaks_no_tls_behind_it_is_not_the_proxy(
    start: Start, localhost: Certificate, pauses: list[float]
) -> None:
    plain = start(ANSWERS["account"], None)
    leads = {f"localhost:{plain.port}": plain.port}
    with ConnectProxy(leads) as through, pytest.raises(NoAnswer) as caught:
        gateway(plain, localhost, through.url).account()

    assert str(caught.value) == (
        f"no answer from the gateway through the proxy localhost:{through.port}"
    )


def test_one_that_connected_before_and_does_not_any_more_is_the_proxy(
    bank: FalseStripe, proxy: StartProxy, localhost: Certificate, pauses: list[float]
) -> None:
    through = proxy()
    there = gateway(bank, localhost, through.url)
    account = ANSWERS["account"]

    def and_closes(connection: Any) -> FalseAnswer:
        found = account(connection)
        assert found is not None
        return found._replace(headers=(*found.headers, ("Connection", "close")))

    bank.behaves = and_closes
    assert there.account() == "acct_1"

    through.answer = lambda head: b""
    with pytest.raises(NoAnswer) as caught:
        there.account()

    assert str(caught.value) == f"no answer from the proxy localhost:{through.port}"


def test_a_tunnel_that_is_cut_is_no_answer(
    bank: FalseStripe, proxy: StartProxy, localhost: Certificate, pauses: list[float]
) -> None:
    bank.behaves = ANSWERS["cut short"]
    through = proxy()

    with pytest.raises(NoAnswer) as caught:
        gateway(bank, localhost, through.url).confirm("pi_1", "payment")

    assert str(caught.value) == (
        f"no answer from the gateway through the proxy localhost:{through.port}"
    )


# --- One that is slow ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK" + b"K" * 4096, b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 512],
    ids=["the status", "headers"],
)
def test_an_answer_to_connect_that_drips_is_given_up(
    answer: bytes,
    bank: FalseStripe,
    proxy: StartProxy,
    localhost: Certificate,
    stopped: threading.Event,
) -> None:
    def beat() -> bool:
        stopped.set()
        return not threading.Event().wait(BEAT)

    through = proxy(lambda head: answer, drip=beat)

    with pytest.raises(NoAnswer) as caught:
        gateway(bank, localhost, through.url).confirm("pi_1", "payment")

    assert str(caught.value) == f"no answer from the proxy localhost:{through.port}"
    assert len(through.asked) == 1
    assert bank.asked == []


@pytest.mark.parametrize("part", DRIPS)
def test_an_answer_that_drips_through_it_is_no_answer(
    part: str,
    bank: FalseStripe,
    proxy: StartProxy,
    localhost: Certificate,
    stopped: threading.Event,
) -> None:
    through = proxy()
    bank.behaves = drip(stopped, *DRIPS[part])

    with pytest.raises(NoAnswer, match=r"^no answer from the gateway through the proxy"):
        gateway(bank, localhost, through.url).confirm("pi_1", "payment")

    assert [asked.path for asked in bank.asked] == ["/v1/payment_intents/pi_1/confirm"]


def test_one_that_says_nothing_is_given_up(
    bank: FalseStripe,
    proxy: StartProxy,
    localhost: Certificate,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stripe_gateway, "REQUEST_SECONDS", 0.5)
    over = threading.Event()

    def silent(head: bytes) -> bytes:
        over.wait(20)
        return b""

    through = proxy(silent)
    with pytest.raises(NoAnswer, match="no answer from the proxy"):
        gateway(bank, localhost, through.url).account()
    over.set()
    assert bank.asked == []


# --- Whose certificate --------------------------------------------------------------------------


def test_one_that_opens_the_tls_needs_its_authority_named(
    start: Start, tmp_path: Path, localhost: Certificate, pauses: list[float]
) -> None:
    """The bank stands for it: what it shows, an authority of its own has signed."""
    opens = make_certificate(tmp_path, "localhost")
    inspecting = start(ANSWERS["account"], opens)
    leads = {f"localhost:{inspecting.port}": inspecting.port}
    with ConnectProxy(leads) as through:
        for route, hint in (
            (Route(proxy=through.url), "name the PEM file of that authority as [gateway] ca_file"),
            (
                Route(proxy=through.url, ca_file=str(localhost.file)),
                f"{localhost.file}, which is [gateway] ca_file",
            ),
        ):
            address = f"https://localhost:{inspecting.port}"
            there = StripeGateway(KEY, livemode=True, base_address=address, route=route)
            with pytest.raises(NoAnswer) as caught:
                there.account()
            assert str(caught.value).startswith("the certificate it showed is not valid: self")
            assert hint in caught.value.hint
        assert inspecting.asked == []

        assert gateway(inspecting, opens, through.url).account() == "acct_1"


def test_a_proxy_in_tls_must_show_a_certificate_of_its_own_name(
    bank: FalseStripe, tmp_path: Path, pauses: list[float]
) -> None:
    other = make_certificate(tmp_path, "elsewhere.example")
    with ConnectProxy({}, tls=other.server()) as through, pytest.raises(NoAnswer) as caught:
        gateway(bank, other, through.url).account()

    assert "Hostname mismatch" in str(caught.value)
    assert through.asked == []


def test_the_authority_is_trusted_without_a_proxy_too(
    bank: FalseStripe, localhost: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And instead of the SDK's own."""
    assert gateway(bank, localhost, "").account() == "acct_1"

    monkeypatch.setattr(stripe, "ca_bundle_path", str(localhost.file))
    elsewhere = make_certificate(localhost.file.parent / "elsewhere", "elsewhere.example")
    with pytest.raises(NoAnswer, match="certificate"):
        gateway(bank, elsewhere, "").account()


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n")

    with pytest.raises(Usage) as caught:
        Route(ca_file=str(bad))

    assert caught.value.code == "config_invalid"
    assert caught.value.message == f"{bad} has certificates that cannot be read"
    assert ssl.create_default_context() is not None
