"""Real processes, really killed, and really racing, against the sandbox's own file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from invoicepay.billing.payment import FINAL, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus, PaymentFilter
from invoicepay.gateway.stripe_gateway import StripeGateway
from invoicepay.operations.app import App
from invoicepay.operations.protocol.claim import LEASE
from invoicepay.operations.sync import Sync
from invoicepay.sandbox.server import SandboxServer
from invoicepay.settings import load_settings
from invoicepay.wiring import Local
from tests.support.company import EVERYTHING, make_template, open_copy

KILL_AT = Path(__file__).with_name("kill_at.py")
INVOICEPAY = Path(sys.executable).with_name("invoicepay")
AT_BANK = (IntentStatus.SUCCEEDED, IntentStatus.PROCESSING)


class LaterClock:
    """An hour later: every lease has passed, and what a killed process was about to mail is due."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=1)

    def real_now(self) -> datetime:
        return self.now()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with methods at its own sandbox, at rest."""
    folder = tmp_path_factory.mktemp("crash") / "company"
    folder.mkdir()
    template = make_template(tmp_path_factory.mktemp("template"))
    with SandboxServer(folder / "ledger.db.sandbox") as server:
        company = open_copy(
            template,
            folder,
            lambda clock: StripeGateway("sk_test_x", livemode=False, base_address=server.url),
        )
        company.ledger.close()
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | {
        "HOME": str(tmp_path),
        "INVOICEPAY_TOKEN": "payer",
        "PYTHONPATH": os.pathsep.join(["src", "."]),
    }


@contextmanager
def reopened(folder: Path) -> Iterator[Local]:
    """The ledger in `folder`, after every lease has passed."""
    local = Local(load_settings(config=None, ledger=folder / "ledger.db", environ={}))
    local.__dict__["clock"] = LaterClock()
    yield local
    local.ledger.close()
    local.__dict__["_sandbox"].stop()


def charges(local: Local) -> list[Intent]:
    return [intent for intent in local.gateway.intents() if intent.status in AT_BANK]


@pytest.mark.parametrize("method", ["card", "ach"])
def test_killed_at_every_step_and_settled_by_the_next_command(
    folder: Path, environment: dict[str, str], method: str
) -> None:
    start = folder.with_name(f"{folder.name}-{method}")
    shutil.copytree(folder, start)
    command = ["pay", "INV-1", "INV-2", "--method", method, "--yes"]

    done = subprocess.run(
        [sys.executable, str(KILL_AT), str(start), *command],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    events = json.loads(done.stdout)
    assert events.count("before confirm") == 1
    ends = Counter(
        _settled(start.with_name(f"{start.name}-{n}"), n, events) for n in range(len(events) + 1)
    )
    accepted = PaymentStatus.SUCCEEDED if method == "card" else PaymentStatus.PROCESSING
    # Neither end is there by accident: some were killed before the charge, and some after it.
    assert ends.keys() == {None, PaymentStatus.CANCELED, accepted}
    first_charged = events.index("after confirm")
    assert ends[accepted] == len(events) + 1 - first_charged


def _settled(folder: Path, number: int, events: list[str]) -> PaymentStatus | None:
    """Sync the ledger of a killed process; how its payment ended, None when none was claimed."""
    with reopened(folder) as local:
        finance = App(local, lambda: "finance")
        before = charges(local)
        list(finance.call(Sync()))
        list(finance.call(Sync()))
        where = f"killed at {number}: {events[: number + 1]}"
        assert charges(local) == before, where
        assert len(before) <= 1, where
        assert local.ledger.integrity() == []
        with local.ledger.read() as unit:
            assert unit.books.differences() == [], where
            payments = unit.payments.page(PaymentFilter(), EVERYTHING).items
            invoice = unit.invoices.get("INV-1", EVERYTHING)
            assert unit.outbox.waiting() == []
        assert invoice is not None
        assert len(payments) <= 1
        status = payments[0].status if payments else None
        charged = bool(before)
        assert charged == (status in (PaymentStatus.SUCCEEDED, PaymentStatus.PROCESSING)), where
        assert status is None or status in FINAL or status is PaymentStatus.PROCESSING
        assert invoice.payable_minor == (0 if charged else 10000), where
        assert [p.receipt_number for p in payments if p.receipt_number] == ["R-000001"] * charged
        mails = [message_from_bytes(f.read_bytes()) for f in folder.glob("outbox/*.eml")]
        assert len(mails) == charged, where
    return status


def test_eight_processes_pay_one_invoice_once(
    folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    race = folder.with_name("race")
    shutil.copytree(folder, race)
    environment["INVOICEPAY_LEDGER"] = str(race / "ledger.db")
    command = [str(INVOICEPAY), "pay", "INV-1", "--method", "card", "--yes", "--json"]

    racers = [
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    results = [(racer.communicate(timeout=120), racer.returncode) for racer in racers]

    assert sorted(code for _, code in results) == [0] + [7] * 7
    for (_, stderr), code in results:
        assert "locked" not in stderr
        if code:
            assert json.loads(stderr)["error"]["code"] in ("in_flight", "already_paid")
    with reopened(race) as local:
        assert len(charges(local)) == 1
        with local.ledger.read() as unit:
            assert unit.books.differences() == []


def test_killed_while_backing_up_leaves_no_half_copy(folder: Path, tmp_path: Path) -> None:
    """SIGKILL before the copy is put in place: the target is not there at all."""
    target = tmp_path / "copy.db"
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from invoicepay.ledger import file\n"
        "file._sync = lambda path: os.kill(os.getpid(), signal.SIGKILL)\n"
        "file.SqliteLedger(Path(sys.argv[1])).backup(Path(sys.argv[2]))\n"
    )

    done = subprocess.run([sys.executable, "-c", code, folder / "ledger.db", target], check=False)

    assert done.returncode == -9
    assert not target.exists()
    # What was left does not stop the next one.
    local = Local(load_settings(config=None, ledger=folder / "ledger.db", environ={}))
    local.ledger.backup(target)
    assert target.stat().st_mode & 0o777 == 0o600
    local.ledger.close()


def test_the_lease_is_longer_than_a_slow_gateway_takes() -> None:
    """Courtesy only, but a payer should rarely find its payment taken away."""
    from invoicepay.gateway.stripe_gateway import CONNECT_SECONDS, READ_SECONDS

    assert timedelta(seconds=CONNECT_SECONDS + READ_SECONDS) * 3 < LEASE
