"""Keyrings of every kind, in the process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from keyring.backend import KeyringBackend

from invoicepay.credentials.keyring_store import KeyringSecrets
from tests.world.program import HANGS_AFTER


class Kept(KeyringBackend):
    """Works, and outlives its instances."""

    priority = 5
    kept: ClassVar[dict[tuple[str, str], str]] = {}
    error: ClassVar[Exception | None] = None
    drops: ClassVar[bool] = False

    def get_password(self, service: str, username: str) -> str | None:
        self._fail()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._fail()
        if not self.drops:
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._fail()
        del self.kept[service, username]

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


class ReadsOnly(Kept):
    """As those that only fetch credentials for package registries."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


class Silent(Kept):
    """Answers only once the test is over."""

    asked: ClassVar[list[str]] = []
    end: ClassVar[threading.Event] = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append(username)
        self.end.wait(HANGS_AFTER)
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.get_password(service, username)


@pytest.fixture
def silent() -> Iterator[type[Silent]]:
    Silent.asked.clear()
    Silent.end.clear()
    yield Silent
    Silent.end.set()


@pytest.fixture
def kept() -> Iterator[type[Kept]]:
    yield Kept
    Kept.kept.clear()
    Kept.error, Kept.drops = None, False


@pytest.fixture
def reads_only(kept: type[Kept]) -> type[Kept]:
    return ReadsOnly


Trusting = Callable[[type[KeyringBackend]], KeyringSecrets]


@pytest.fixture
def trusting(tmp_path: Path) -> Trusting:
    """A store whose user trusts this kind of keyring."""
    return lambda kind: KeyringSecrets(tmp_path, trusted=f"{kind.__module__}.{kind.__qualname__}")
