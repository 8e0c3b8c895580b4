"""A keyring that never answers, as one behind a dialog that nobody sees: the command ends, says so,
and nothing of it stays."""

from __future__ import annotations

import os
import time
from errno import ENXIO
from pathlib import Path

import pytest

from tests.running import HANGS_AFTER, Desk

AROUND_THE_PROGRAM = Path(__file__).parents[1] / "support" / "program_under_test"
PASSWORD = "nine quiet harbours"
LOGIN = "login --email owner@lantern.example --password-stdin"


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


@pytest.fixture(params=["Silent", "SilentHelper"])
def silent(request: pytest.FixtureRequest, desk: Desk, fifo: Path) -> Desk:
    """A live ledger, whose admin's session and gateway key would be in such a keyring."""
    settings = f'ledger = "live.db"\n[keyring]\nbackend = "keyrings_under_test.{request.param}"\n'
    (desk.folder / "settings.toml").write_text(settings)
    variables = {
        "INVOICEPAY_CONFIG": "settings.toml",
        "PYTHONPATH": str(AROUND_THE_PROGRAM),
        "KEYRING_UNDER_TEST": str(fifo),
    }
    desk = Desk(desk.folder, desk.home, variables)
    init = "init --company Lantern --admin-email owner@lantern.example --live --password-stdin"
    assert desk.run(init, PASSWORD).exit_code == 0
    return desk


def assert_nobody_reads(fifo: Path) -> None:
    """Fails where a process is still waiting for what is written there."""
    give_up = time.monotonic() + HANGS_AFTER  # a process that was told to end may take a moment
    while time.monotonic() < give_up:
        try:
            os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        except OSError as nobody:
            assert nobody.errno == ENXIO
            return
        time.sleep(0.01)
    raise AssertionError("a process has stayed")


def test_without_a_terminal_it_is_given_up(silent: Desk, fifo: Path) -> None:
    """As in cron: the key of a live ledger."""
    assert silent.run(f"{LOGIN} --insecure-storage", PASSWORD).exit_code == 0
    result = silent.run("sync")
    assert (result.exit_code, result.stdout) == (10, "")
    assert result.stderr.endswith(
        "invoicepay: the keyring does not answer. Store it with `invoicepay config stripe`, or "
        "name a file of mode 0600 that holds it with INVOICEPAY_STRIPE_KEY_FILE.\n"
    )
    assert_nobody_reads(fifo)


def test_at_a_terminal_it_is_said_and_ctrl_c_ends_it(silent: Desk, fifo: Path) -> None:
    with silent.at_terminal("login --email owner@lantern.example") as asked:
        asked.wait_for("Password: ")
        asked.say(PASSWORD)
        asked.wait_for("Waiting for the keyring; it may be asking in another window.\n")
        asked.interrupt()
        result = asked.end()
    assert result.exit_code == 130
    assert result.stderr.endswith("invoicepay: interrupted.\n")
    assert_nobody_reads(fifo)
