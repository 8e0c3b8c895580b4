"""Keyrings of every kind, in the process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend


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


class PlaintextNotes(Kept):
    """A third party's, whose name gives it away."""


class Chain(ChainerBackend):
    links: ClassVar[list[KeyringBackend]] = []

    @property
    def backends(self) -> list[KeyringBackend]:
        return self.links


@pytest.fixture
def kept() -> Iterator[type[Kept]]:
    yield Kept
    Kept.kept.clear()
    Kept.error, Kept.drops = None, False


@pytest.fixture
def reads_only(kept: type[Kept]) -> type[Kept]:
    return ReadsOnly


@pytest.fixture
def plaintext(kept: type[Kept]) -> type[Kept]:
    return PlaintextNotes


@pytest.fixture
def chain() -> Iterator[type[Chain]]:
    yield Chain
    Chain.links = []
