"""What can stand between us and Stripe, or in its place: the SDK over real TLS, and the installed
program whose api.stripe.com leads to this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import stripe

from invoicepay.billing.ports import NoAnswer, Rejected
from invoicepay.gateway import stripe_gateway
from invoicepay.gateway.stripe_gateway import StripeGateway
from tests.proofs.faults.conftest import KEY
from tests.world.false_stripe import ANSWERS, Behaviour, FalseStripe, redirect
from tests.world.program import Desk
from tests.world.tls import Certificate, make_certificate

Start = Callable[[Behaviour, Certificate | None], FalseStripe]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the gateway would have waited; it does not. Nor long for an answer."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    monkeypatch.setattr(stripe_gateway, "READ_SECONDS", 0.3)
    return waited


@pytest.fixture
def gateway(
    localhost: Certificate, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> Callable[[int], StripeGateway]:
    """Trusts the test's authority, and nobody else."""
    monkeypatch.setattr(stripe, "ca_bundle_path", str(localhost.file))
    return lambda port: StripeGateway(KEY, livemode=True, base_address=f"https://localhost:{port}")


REFUSALS = {"401": Rejected, "403": Rejected, "key repeated": Rejected}
"""Where Stripe itself says that nothing was done. Whatever else comes is no answer."""


@pytest.mark.parametrize("name", sorted(ANSWERS.keys() - {"account", "nothing there"}))
def test_what_is_no_answer_is_none(
    name: str, gateway: Callable[[int], StripeGateway], start: Start, localhost: Certificate
) -> None:
    there = gateway(start(ANSWERS[name], localhost).port)
    for ask in (
        there.account,
        lambda: there.confirm("pi_1", "payment"),
        lambda: list(there.intents("ledger")),
    ):
        with pytest.raises(REFUSALS.get(name, NoAnswer)) as caught:
            ask()
        assert "\n" not in str(caught.value)
        assert "<" not in str(caught.value)
        assert KEY not in str(caught.value)


def test_a_good_answer_over_the_same_way_is_one(
    gateway: Callable[[int], StripeGateway], start: Start, localhost: Certificate
) -> None:
    """Without this, the others could all fail for another reason."""
    assert gateway(start(ANSWERS["account"], localhost).port).account() == "acct_1"


def test_nobody_listens(gateway: Callable[[int], StripeGateway]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(NoAnswer, match="no answer from the gateway"):
        gateway(port).account()


def test_one_bad_moment_is_tried_again_under_the_same_key(
    gateway: Callable[[int], StripeGateway], start: Start, localhost: Certificate
) -> None:
    moments = iter(["reset", "500", "account"])
    bank = start(lambda connection: ANSWERS[next(moments)](connection), localhost)
    assert gateway(bank.port).account() == "acct_1"
    assert len(bank.asked) == 3


def test_an_error_of_the_system_in_between_is_no_answer(
    gateway: Callable[[int], StripeGateway],
    start: Start,
    localhost: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may have been charged, and must not end as an unexpected error."""
    there = gateway(start(ANSWERS["reset"], localhost).port)

    def broken(seconds: float) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr("time.sleep", broken)
    with pytest.raises(NoAnswer, match="no answer from the gateway"):
        there.confirm("pi_1", "payment")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("tls", [True, False])
def test_a_redirect_is_not_followed_with_the_key(
    status: int,
    tls: bool,
    gateway: Callable[[int], StripeGateway],
    start: Start,
    localhost: Certificate,
) -> None:
    elsewhere = start(ANSWERS["account"], localhost if tls else None)
    url = f"{'https' if tls else 'http'}://localhost:{elsewhere.port}"
    there = gateway(start(redirect(status, url), localhost).port)
    for ask in (there.account, lambda: there.confirm("pi_1", "payment")):
        with pytest.raises(NoAnswer):
            ask()
    assert elsewhere.asked == []


class TestCertificates:
    """Nothing is sent to who cannot show Stripe's certificate."""

    def test_nobody_vouches_for_it(
        self, pauses: list[float], start: Start, localhost: Certificate
    ) -> None:
        bank = start(ANSWERS["account"], localhost)
        address = f"https://localhost:{bank.port}"
        with pytest.raises(NoAnswer):
            StripeGateway(KEY, livemode=True, base_address=address).account()
        assert bank.asked == []

    @pytest.mark.parametrize(("host", "days"), [("elsewhere.example", 2), ("localhost", -3)])
    def test_of_another_host_or_out_of_date(
        self,
        host: str,
        days: int,
        tmp_path: Path,
        start: Start,
        pauses: list[float],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        shown = make_certificate(tmp_path, host, valid_days=days)
        monkeypatch.setattr(stripe, "ca_bundle_path", str(shown.file))
        bank = start(ANSWERS["account"], shown)
        address = f"https://localhost:{bank.port}"
        with pytest.raises(NoAnswer):
            StripeGateway(KEY, livemode=True, base_address=address).account()
        assert bank.asked == []

    def test_plain_http_where_tls_is_meant(
        self, gateway: Callable[[int], StripeGateway], start: Start
    ) -> None:
        bank = start(ANSWERS["account"], None)
        with pytest.raises(NoAnswer):
            gateway(bank.port).account()
        assert bank.asked == []


def is_unchanged(live: Desk) -> bool:
    """Nothing is owed, reserved or charged but what was before."""
    invoice = live.run("invoices show A-1 --json").json
    payments = live.run("payments list --json").json
    return (
        (invoice["status"], invoice["payable_minor"]) == ("open", 1000)
        and all((p["status"], p["gateway_id"]) == ("canceled", "") for p in payments)
        and live.run("payments list --status unknown --json").json == []
    )


class TestInstalledProgram:
    """`pay` on a live ledger: one line, the right exit code, and nothing has happened."""

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("401", "gateway_refused"),
            ("403", "gateway_refused"),
            ("500", "gateway_unreachable"),
            ("HTML", "gateway_unreachable"),
            ("reset", "gateway_unreachable"),
            ("cut short", "gateway_unreachable"),
            ("redirect", "gateway_unreachable"),
        ],
    )
    def test_the_answer_is_bad(
        self, name: str, code: str, live: Desk, start: Start, stripes: Certificate
    ) -> None:
        elsewhere = start(ANSWERS["account"], None)
        bad = redirect(307, f"http://localhost:{elsewhere.port}")
        bank = start(bad if name == "redirect" else ANSWERS[name], stripes)
        result = live.run(
            "pay A-1 --yes --json", STRIPE_IS_AT=str(bank.port), STRIPE_AUTHORITY=str(stripes.file)
        )
        assert (result.exit_code, result.error["code"]) == (10, code), result
        assert KEY not in result.stderr
        assert bank.asked[0].authorization == f"Bearer {KEY}"
        assert elsewhere.asked == []
        assert is_unchanged(live)

    def test_nobody_listens(self, live: Desk) -> None:
        result = live.run("pay A-1 --yes --json", STRIPE_IS_AT="1")
        assert (result.exit_code, result.error["code"]) == (10, "gateway_unreachable")
        assert is_unchanged(live)

    @pytest.mark.parametrize(
        "variables",
        [
            {},
            {"PYTHONHTTPSVERIFY": "0"},
            {"CURL_CA_BUNDLE": ""},
            {"REQUESTS_CA_BUNDLE": "{authority}", "CURL_CA_BUNDLE": "{authority}"},
            {"SSL_CERT_FILE": "{authority}", "SSL_CERT_DIR": "/nowhere"},
            {"GIT_SSL_NO_VERIFY": "1", "NODE_TLS_REJECT_UNAUTHORIZED": "0"},
        ],
        ids=lambda variables: ",".join(variables) or "none",
    )
    def test_no_variable_makes_it_trust_another_authority(
        self, variables: dict[str, str], live: Desk, start: Start, stripes: Certificate
    ) -> None:
        """The right name, and an authority that Stripe's SDK does not know."""
        bank = start(ANSWERS["account"], stripes)
        named = {name: v.format(authority=stripes.file) for name, v in variables.items()}
        result = live.run("pay A-1 --yes --json", STRIPE_IS_AT=str(bank.port), **named)
        assert (result.exit_code, result.error["code"]) == (10, "gateway_unreachable")
        assert bank.asked == []
        assert is_unchanged(live)

    def test_a_netrc_does_not_replace_the_key(
        self, live: Desk, start: Start, stripes: Certificate
    ) -> None:
        netrc = live.home / ".netrc"
        netrc.write_text("machine api.stripe.com login somebody password else\n")
        netrc.chmod(0o600)
        bank = start(ANSWERS["401"], stripes)
        live.run("sync", STRIPE_IS_AT=str(bank.port), STRIPE_AUTHORITY=str(stripes.file))
        assert {asked.authorization for asked in bank.asked} == {f"Bearer {KEY}"}

    def test_another_hosts_certificate(
        self, live: Desk, start: Start, localhost: Certificate
    ) -> None:
        bank = start(ANSWERS["account"], localhost)
        authority = str(localhost.file)
        result = live.run(
            "pay A-1 --yes --json", STRIPE_IS_AT=str(bank.port), STRIPE_AUTHORITY=authority
        )
        assert (result.exit_code, result.error["code"]) == (10, "gateway_unreachable")
        assert bank.asked == []
        assert is_unchanged(live)
