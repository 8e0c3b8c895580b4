"""The live gateway's key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keyring.backends import fail

from invoicepay.billing.errors import BadInput, Refused, Unreachable
from invoicepay.credentials.gateway_key import delete_gateway_key, gateway_key, set_gateway_key
from invoicepay.credentials.keyring_store import KeyringSecrets

if TYPE_CHECKING:
    from tests.adapters.credentials.conftest import Kept

LEDGER, KEY = "ledger-1", "sk_live_" + "x" * 24
VARIABLE = "INVOICEPAY_STRIPE_KEY_FILE"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    path.chmod(0o600)
    return path


def test_from_the_named_file_without_its_newline(file: Path, tmp_path: Path) -> None:
    assert gateway_key(tmp_path, LEDGER, {VARIABLE: str(file)}) == KEY


def test_mounted_behind_a_link(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    assert gateway_key(tmp_path, LEDGER, {VARIABLE: str(tmp_path / "link")}) == KEY


def test_a_file_that_others_may_read(file: Path, tmp_path: Path) -> None:
    file.chmod(0o640)
    with pytest.raises(Refused) as caught:
        gateway_key(tmp_path, LEDGER, {VARIABLE: str(file)})
    assert caught.value.code == "insecure_file"
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("content", [None, "", "\n", "two words\n", "k\u00e9y", "a\x00b"])
def test_a_file_without_a_key_is_never_replaced_by_the_keyring(
    file: Path, tmp_path: Path, kept: type[Kept], content: str | None
) -> None:
    keyring = KeyringSecrets(tmp_path, discover=kept)
    set_gateway_key(tmp_path, LEDGER, KEY, keyring)
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    with pytest.raises(Unreachable) as caught:
        gateway_key(tmp_path, LEDGER, {VARIABLE: str(file)}, keyring)
    assert caught.value.code == "key_missing"
    assert VARIABLE in caught.value.hint


def test_keyring_round_trip_beside_the_session(tmp_path: Path, kept: type[Kept]) -> None:
    keyring = KeyringSecrets(tmp_path, discover=kept)
    set_gateway_key(tmp_path, LEDGER, f" {KEY}\n", keyring)
    assert kept.kept == {("invoicepay", f"{LEDGER}:gateway"): KEY}
    assert gateway_key(tmp_path, LEDGER, {}, keyring) == KEY
    delete_gateway_key(tmp_path, LEDGER, keyring)
    with pytest.raises(Unreachable) as caught:
        gateway_key(tmp_path, LEDGER, {}, keyring)
    assert caught.value.code == "key_missing"


def test_put_there_by_another_program(tmp_path: Path, kept: type[Kept]) -> None:
    kept.kept["invoicepay", f"{LEDGER}:gateway"] = KEY
    assert gateway_key(tmp_path, LEDGER, {}, KeyringSecrets(tmp_path, discover=kept)) == KEY


def test_no_keyring_names_the_file_as_the_way_on(tmp_path: Path) -> None:
    from invoicepay.credentials.gateway_key import WAY_ON

    keyring = KeyringSecrets(tmp_path, WAY_ON, fail.Keyring)
    with pytest.raises(Unreachable) as caught:
        gateway_key(tmp_path, LEDGER, {}, keyring)
    assert caught.value.code == "keyring_unavailable"
    assert VARIABLE in caught.value.hint


@pytest.mark.parametrize("key", ["", " ", "two words", "a\nb", "k\u00e9y"])
def test_what_cannot_be_a_key_is_not_kept(tmp_path: Path, kept: type[Kept], key: str) -> None:
    with pytest.raises(BadInput):
        set_gateway_key(tmp_path, LEDGER, key, KeyringSecrets(tmp_path, discover=kept))
    assert kept.kept == {}
