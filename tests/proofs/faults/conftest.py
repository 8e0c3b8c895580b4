"""A live ledger at its desk, and what stands where Stripe should."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.world.false_stripe import Behaviour, FalseStripe
from tests.world.live import add_an_invoice_and_a_card
from tests.world.program import Desk
from tests.world.tls import Certificate, make_certificate

AROUND_THE_PROGRAM = Path(__file__).parents[2] / "world" / "program_under_test"
KEY = "sk_live_51Canary5678"
PASSWORD = "nine quiet harbours"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="session")
def localhost(certificates: Path) -> Certificate:
    return make_certificate(certificates, "localhost")


@pytest.fixture(scope="session")
def stripes(certificates: Path) -> Certificate:
    """For api.stripe.com, from an authority that only a test trusts."""
    return make_certificate(certificates, "api.stripe.com")


@pytest.fixture
def start() -> Iterator[Callable[..., FalseStripe]]:
    with ExitStack() as running:

        def started(behaves: Behaviour, certificate: Certificate | None) -> FalseStripe:
            tls = certificate.server() if certificate else None
            return running.enter_context(FalseStripe(behaves, tls))

        yield started


@pytest.fixture(scope="session")
def live_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A live ledger with an open invoice, a card, its admin logged in, and a key in a file."""
    folder = tmp_path_factory.mktemp("live")
    desk = Desk(folder, folder)
    init = ["init", "--company", "Lantern", "--admin-email", "owner@lantern.example", "--live"]
    ledger = ["--ledger", "live.db"]
    assert desk.run([*init, "--password-stdin", *ledger], PASSWORD).exit_code == 0
    login = "login --email owner@lantern.example --password-stdin --insecure-storage"
    (folder / "invoicepay.toml").write_text('ledger = "live.db"\n')
    config = ["--config", "invoicepay.toml"]
    assert desk.run([*login.split(), *config], PASSWORD).exit_code == 0

    def run(command: str) -> None:
        assert desk.run([*command.split(), *config]).exit_code == 0

    add_an_invoice_and_a_card(folder / "live.db", run)
    key = folder / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    return folder


@pytest.fixture
def live(live_template: Path, tmp_path: Path) -> Desk:
    """A copy of it; the program's api.stripe.com leads to this machine, by `STRIPE_IS_AT`."""
    folder = tmp_path / "live"
    shutil.copytree(live_template, folder)
    return Desk(
        folder,
        tmp_path,
        {
            "INVOICEPAY_CONFIG": "invoicepay.toml",
            "INVOICEPAY_STRIPE_KEY_FILE": "key",
            "PYTHONPATH": str(AROUND_THE_PROGRAM),
        },
    )
