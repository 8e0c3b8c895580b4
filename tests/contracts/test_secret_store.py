"""What every store of secrets does: one suite, each adapter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Protocol

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from invoicepay.credentials.file_store import FileSecrets
from invoicepay.credentials.keyring_store import KeyringSecrets

USER = "6e0b6a8e-6d3f-4f0e-9a7e-0d1f6a6f5c11"
Make = Callable[[], "Store"]


class Store(Protocol):
    def get(self, user: str) -> str | None: ...
    def set(self, user: str, secret: str) -> None: ...
    def delete(self, user: str) -> None: ...


class InProcess(KeyringBackend):
    """A keyring that outlives its instances, as a real one does."""

    priority = 5
    kept: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("not there")


@pytest.fixture(params=["file", "keyring"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Opens the same store anew, as another process would."""
    InProcess.kept.clear()
    if request.param == "file":
        return lambda: FileSecrets(tmp_path)
    return lambda: KeyringSecrets(tmp_path, trusted=f"{InProcess.__module__}.InProcess")


def test_nothing_is_there_at_first(make: Make) -> None:
    assert make().get(USER) is None


def test_what_is_set_is_there_for_the_next_process(make: Make) -> None:
    make().set(USER, "s3cret-token_value")
    assert make().get(USER) == "s3cret-token_value"


def test_the_last_one_counts(make: Make) -> None:
    make().set(USER, "first")
    make().set(USER, "second")
    assert make().get(USER) == "second"


def test_deleted_is_gone_and_deleting_again_is_fine(make: Make) -> None:
    make().set(USER, "secret")
    make().delete(USER)
    make().delete(USER)
    assert make().get(USER) is None


def test_users_do_not_see_each_other(make: Make) -> None:
    make().set(USER, "session")
    make().set(f"{USER}:gateway", "key")
    make().delete(USER)
    assert make().get(USER) is None
    assert make().get(f"{USER}:gateway") == "key"


@pytest.mark.parametrize("user", ["", "../x", "a/b", ".hidden", "a\x00b", "x" * 200])
def test_names_that_are_no_file_names_are_a_mistake_of_ours(make: Make, user: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        make().set(user, "secret")
