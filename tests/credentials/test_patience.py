"""What does not answer is given up, once, and said."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from invoicepay.credentials import patience
from invoicepay.credentials.patience import GaveUp, Patience
from tests.world.program import HANGS_AFTER

LITTLE = 0.05


class Silent:
    """Answers only once the test is over."""

    def __init__(self) -> None:
        self.asked = 0
        self._end = threading.Event()

    def __call__(self) -> str:
        self.asked += 1
        self._end.wait(HANGS_AFTER)
        return "too late"

    def end(self) -> None:
        self._end.set()


@pytest.fixture
def silent() -> Iterator[Silent]:
    silent = Silent()
    yield silent
    silent.end()


def test_what_answers_is_answered() -> None:
    said: list[str] = []
    assert Patience(said.append).wait_for("it", lambda: 7) == 7
    assert said == []


@pytest.mark.parametrize("problem", [ValueError("x"), KeyboardInterrupt(), SystemExit(3)])
def test_what_it_raises_is_raised(problem: BaseException) -> None:
    def call() -> None:
        raise problem

    with pytest.raises(type(problem)) as caught:
        Patience().wait_for("it", call)
    assert caught.value is problem


def test_what_does_not_answer_is_asked_once(silent: Silent) -> None:
    waiting = Patience(seconds=LITTLE)
    for _ in range(3):
        with pytest.raises(GaveUp):
            waiting.wait_for("it", silent)
    assert silent.asked == 1
    assert waiting.wait_for("something else", lambda: 7) == 7


def test_it_is_said_once_to_whoever_is_there(
    silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_STEP", LITTLE / 5)
    said: list[str] = []
    with pytest.raises(GaveUp):
        Patience(said.append, LITTLE).wait_for("the keyring", silent)
    assert said == ["Waiting for the keyring; it may be asking in another window."]


def test_a_person_is_waited_for_longer() -> None:
    assert Patience(print)._seconds > Patience()._seconds


def test_no_exit_waits_for_it(silent: Silent) -> None:
    with pytest.raises(GaveUp):
        Patience(seconds=LITTLE).wait_for("it", silent)
    (waiting,) = [thread for thread in threading.enumerate() if thread.name == "it"]
    assert waiting.daemon
