"""A keyring that never answers, as one behind a dialog that nobody sees: the command ends, says so,
and nothing of it stays."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.world.program import HANGS_AFTER, Desk

AROUND_THE_PROGRAM = Path(__file__).parents[1] / "world" / "program_under_test"
PASSWORD = "nine quiet harbours"
LOGIN = "login --email owner@lantern.example --password-stdin"


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    yield path
    with suppress(OSError):  # whoever still reads it, where a test fails, reads its end
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


@pytest.fixture(params=["Silent", pytest.param("SilentHelper", marks=pytest.mark.middle)])
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


def assert_nobody_has_stayed(fifo: Path) -> None:
    """Fails where a process still has the variable that names it. To open the pipe and see would
    end what waits for it."""
    give_up = time.monotonic() + HANGS_AFTER  # what was told to end may take a moment
    while found := [process for process in Path("/proc").glob("[0-9]*") if has(process, fifo)]:
        assert time.monotonic() < give_up, found
        time.sleep(0.01)


def has(process: Path, fifo: Path) -> bool:
    try:
        return str(fifo).encode() in (process / "environ").read_bytes()
    except OSError:  # it has gone, or is another user's
        return False


@pytest.mark.middle  # it waits for ten seconds
def test_without_a_terminal_it_is_given_up(silent: Desk, fifo: Path) -> None:
    """As in cron: the key of a live ledger."""
    assert silent.run(f"{LOGIN} --insecure-storage", PASSWORD).exit_code == 0
    result = silent.run("sync")
    assert (result.exit_code, result.stdout) == (10, "")
    assert result.stderr.endswith(
        "invoicepay: the keyring does not answer. Name a file of mode 0600 that holds the key with "
        "INVOICEPAY_STRIPE_KEY_FILE.\n"
    )
    assert_nobody_has_stayed(fifo)


def test_at_a_terminal_it_is_said_and_ctrl_c_ends_it(silent: Desk, fifo: Path) -> None:
    with silent.at_terminal("login --email owner@lantern.example") as asked:
        asked.wait_for("Password: ")
        asked.say(PASSWORD)
        asked.wait_for("Waiting for the keyring; it may be asking in another window.\n")
        asked.interrupt()
        result = asked.end()
    assert result.exit_code == 130
    assert result.stderr.endswith("invoicepay: interrupted.\n")
    assert_nobody_has_stayed(fifo)
