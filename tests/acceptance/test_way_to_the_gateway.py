"""`[gateway] proxy` and `ca_file`, through the installed program: a test ledger whose Stripe is the
practice bank under its own name and an authority that only the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from invoicepay.sandbox.server import SandboxServer
from tests.acceptance.test_ledgers import make_ledger
from tests.world.connect_proxy import ConnectProxy, connected, refused
from tests.world.false_stripe import Answer as FalseAnswer
from tests.world.false_stripe import FalseStripe, hang_up
from tests.world.program import Desk, Result
from tests.world.stripe_here import STRIPE, passed_on
from tests.world.tls import Certificate, make_certificate

VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
KEY = "sk_test_51Abc"
PROXY_PASSWORD = "canary-of-the-proxy"


@dataclass
class Behind:
    """A desk whose only way to Stripe is `proxy`, and what is at its end."""

    desk: Desk
    stripe: FalseStripe
    proxy: ConnectProxy
    certificate: Certificate

    def settings(self, text: str) -> None:
        """The settings file; `{proxy}` and `{ca}` are those of this place."""
        filled = text.replace("{proxy}", self.proxy.url).replace("{ca}", str(self.certificate.file))
        (self.desk.folder / "config.toml").write_text(
            f'ledger = "test.db"\nsecrets = "."\n{filled}'
        )

    def run(self, command: str, **more: str) -> Result:
        return self.desk.run(command, **more)


@pytest.fixture
def behind(desk: Desk) -> Iterator[Behind]:
    make_ledger(desk, "--test", ledger="test.db")
    (desk.folder / "key").write_text(KEY)
    (desk.folder / "key").chmod(0o600)
    certificate = make_certificate(desk.folder / "tls", STRIPE)
    with (
        SandboxServer(desk.folder / "bank") as bank,
        FalseStripe(passed_on(bank), certificate.server()) as stripe,
        ConnectProxy({f"{STRIPE}:443": stripe.port}) as proxy,
    ):
        variables = {"INVOICEPAY_CONFIG": "config.toml", "INVOICEPAY_STRIPE_KEY_FILE": "key"}
        yield Behind(Desk(desk.folder, desk.home, variables), stripe, proxy, certificate)


def log_in(behind: Behind) -> None:
    login = "login --email owner@lantern.example --password-stdin --insecure-storage"
    assert behind.desk.run(login, "nine quiet harbours").exit_code == 0


WAY = '[gateway]\nproxy = "{proxy}"\nca_file = "{ca}"\n'


def test_invoices_are_paid_through_it(behind: Behind) -> None:
    behind.settings(WAY)
    log_in(behind)
    assert behind.run("sandbox attach pm_card_visa --customer C-1").exit_code == 0

    paid = behind.run("pay A-1 --yes --json")

    assert paid.json["status"] == "succeeded"
    assert behind.run("sync").exit_code == 0
    found = {c["name"]: c["ok"] for c in behind.run("doctor --json").json}
    assert found["gateway"] is True
    assert {head.split(b"\r\n")[0].split(b" ")[1] for head in behind.proxy.asked} == {
        b"api.stripe.com:443"
    }
    assert KEY.encode() not in b"".join(behind.proxy.asked) + behind.proxy.sent


@pytest.mark.parametrize(
    "variable",
    [VARIABLES[0], *(pytest.param(name, marks=pytest.mark.middle) for name in VARIABLES[1:])],
)
def test_a_variable_is_not_used_and_the_hint_says_what_is(behind: Behind, variable: str) -> None:
    """Whoever does what it says gets through."""
    behind.settings('[gateway]\nca_file = "{ca}"\n')
    log_in(behind)
    alone = {
        variable: behind.proxy.url,
        "PYTHONPATH": str(Path(__file__).parents[1] / "world" / "program_under_test"),
        "STRIPE_IS_AT": "1",  # nobody listens
    }

    silent = behind.run("sandbox attach pm_card_visa --customer C-1 --json", **alone)
    looked = behind.run("doctor --json", **alone)
    shown = behind.run("config show", **alone)

    assert (silent.exit_code, silent.error["code"]) == (10, "gateway_unreachable")
    told = f"{variable} is set, but not used: it could lead the key elsewhere. Name the proxy as "
    told += "[gateway] proxy in the settings file (`invoicepay config show` says which)."
    assert silent.error["hint"] == f"Nothing was charged. Try again later. {told}"
    assert told in looked.stdout
    assert f"{variable}" in shown.stdout
    assert "(not used: see gateway.proxy)" in shown.stdout
    assert behind.proxy.connections == 0

    behind.settings(WAY)
    attached = behind.run("sandbox attach pm_card_visa --customer C-1", **alone)
    assert attached.exit_code == 0
    assert variable not in behind.run("config show", **alone).stdout
    assert behind.proxy.connections > 0


@pytest.mark.parametrize(
    ("status", "named", "hint"),
    [
        ("407 Proxy Authentication Required", "407 Proxy Authentication Required", "proxy_user"),
        ("503 Service Unavailable", "503 Service Unavailable", "let api.stripe.com through"),
    ],
)
def test_what_it_refuses_is_said_and_nothing_is_charged(
    behind: Behind, status: str, named: str, hint: str
) -> None:
    behind.settings(WAY)
    log_in(behind)
    assert behind.run("sandbox attach pm_card_visa --customer C-1").exit_code == 0
    before = len(behind.stripe.asked)
    behind.proxy.answer = refused(status)

    result = behind.run("pay A-1 --yes --json")

    assert (result.exit_code, result.error["code"]) == (10, "gateway_unreachable")
    assert named in result.error["message"]
    assert hint in result.error["hint"]
    assert len(behind.stripe.asked) == before
    (payment,) = behind.run("payments list --json").json
    assert (payment["status"], payment["gateway_id"]) == ("canceled", "")

    behind.proxy.answer = connected
    assert behind.run("pay A-1 --yes --json").json["status"] == "succeeded"


def test_one_that_is_lost_after_the_charge_leaves_it_unknown(behind: Behind) -> None:
    """407 to the confirmation's retry is no answer to the confirmation."""
    behind.settings(WAY)
    log_in(behind)
    assert behind.run("sandbox attach pm_card_visa --customer C-1").exit_code == 0
    charged = behind.stripe.behaves

    def behave(connection: Any) -> FalseAnswer | None:
        answer = charged(connection)
        if not connection.path.endswith("/confirm"):
            return answer
        behind.proxy.answer = refused("407 No")
        hang_up(connection)
        return None

    behind.stripe.behaves = behave
    unsure = behind.run("pay A-1 --yes --json")
    assert (unsure.exit_code, unsure.error["code"]) == (6, "outcome_unknown")
    again = behind.run("pay A-1 --yes --json")
    assert again.exit_code in (6, 7)

    behind.proxy.answer, behind.stripe.behaves = connected, charged
    assert behind.run("sync").exit_code == 0
    (payment,) = behind.run("payments list --json").json
    assert payment["status"] == "succeeded"


def test_the_proxys_password_stands_in_a_file_and_is_never_shown(behind: Behind) -> None:
    behind.settings(WAY + 'proxy_user = "lantern"\nproxy_password_file = "secret"\n')
    log_in(behind)
    attach = "sandbox attach pm_card_visa --customer C-1"
    missing = behind.run(f"{attach} --json")
    assert (missing.exit_code, missing.error["code"]) == (10, "key_missing")
    secret = behind.desk.folder / "secret"
    secret.write_text(PROXY_PASSWORD + "\n")
    secret.chmod(0o644)
    assert behind.run(f"{attach} --json").error["code"] == "insecure_file"
    secret.chmod(0o600)

    behind.proxy.answer = refused("407 No")
    said = [behind.run(f"{attach} --debug"), behind.run("config show"), behind.run("doctor")]
    assert said[0].exit_code == 10
    behind.proxy.answer = connected
    said += [behind.run(attach), behind.run("config show --json")]

    assert b"Proxy-Authorization: Basic " in behind.proxy.asked[-1]
    for result in said:
        assert PROXY_PASSWORD not in result.stdout + result.stderr
    assert [(s["name"], s["value"]) for s in said[-1].json if "proxy" in s["name"]] == [
        ("gateway.proxy", behind.proxy.url),
        ("gateway.proxy_user", "lantern"),
        ("gateway.proxy_password", "(in a file)"),
    ]


def test_tls_that_is_opened_on_the_way_says_what_to_name(behind: Behind) -> None:
    behind.settings('[gateway]\nproxy = "{proxy}"\n')
    log_in(behind)
    attach = "sandbox attach pm_card_visa --customer C-1"

    refused_ = behind.run(f"{attach} --json")
    assert refused_.error["message"].startswith(
        "the gateway cannot be reached: the certificate it showed is not valid: "
    )
    assert "name the PEM file of that authority as [gateway] ca_file" in refused_.error["hint"]
    assert behind.stripe.asked == []

    behind.settings(WAY)
    assert behind.run(attach).exit_code == 0


def test_a_sandbox_ledger_never_goes_through_it(behind: Behind) -> None:
    demo = behind.run("demo --json", INVOICEPAY_CONFIG="")
    config = Path(demo.json["config"])
    config.write_text(config.read_text() + f'\n[gateway]\nproxy = "{behind.proxy.url}"\n')

    paid = behind.desk.run(["pay", "INV-1042", "--yes", "--json", "--config", str(config)])

    assert paid.json["status"] == "succeeded"
    assert behind.proxy.connections == 0
