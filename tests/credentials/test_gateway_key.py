"""The gateway's key of a test or live ledger."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from errno import EIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from invoicepay.billing.errors import BadInput, Refused, Unreachable, Usage
from invoicepay.billing.identity import Mode
from invoicepay.credentials.gateway_key import gateway_key, set_gateway_key
from invoicepay.credentials.keyring_store import KeyringSecrets
from invoicepay.credentials.patience import Patience
from tests.world.program import HANGS_AFTER

if TYPE_CHECKING:
    from tests.credentials.conftest import Kept, Silent, Trusting

LEDGER, KEY = "ledger-1", "sk_live_" + "x" * 24
VARIABLE = "INVOICEPAY_STRIPE_KEY_FILE"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    path.chmod(0o600)
    return path


def test_from_the_named_file_without_its_newline(file: Path, tmp_path: Path) -> None:
    assert gateway_key(tmp_path, LEDGER, Mode.LIVE, {VARIABLE: str(file)}) == KEY


def test_mounted_behind_a_link(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    assert gateway_key(tmp_path, LEDGER, Mode.LIVE, {VARIABLE: str(tmp_path / "link")}) == KEY


def test_a_file_that_others_may_read(file: Path, tmp_path: Path) -> None:
    file.chmod(0o640)
    with pytest.raises(Refused) as caught:
        gateway_key(tmp_path, LEDGER, Mode.LIVE, {VARIABLE: str(file)})
    assert caught.value.code == "insecure_file"
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("content", [None, "", "\n", "two words\n", "k\u00e9y", "a\x00b"])
def test_a_file_without_a_key_is_never_replaced_by_the_keyring(
    file: Path, tmp_path: Path, kept: type[Kept], trusting: Trusting, content: str | None
) -> None:
    keyring = trusting(kept)
    set_gateway_key(tmp_path, LEDGER, Mode.LIVE, KEY, keyring)
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    with pytest.raises(Unreachable) as caught:
        gateway_key(tmp_path, LEDGER, Mode.LIVE, {VARIABLE: str(file)}, keyring)
    assert caught.value.code == "key_missing"
    assert VARIABLE in caught.value.hint


def test_keyring_round_trip_beside_the_session(
    tmp_path: Path, kept: type[Kept], trusting: Trusting
) -> None:
    keyring = trusting(kept)
    set_gateway_key(tmp_path, LEDGER, Mode.LIVE, f" {KEY}\n", keyring)
    assert kept.kept == {("invoicepay", f"{LEDGER}:gateway"): KEY}
    assert gateway_key(tmp_path, LEDGER, Mode.LIVE, {}, keyring) == KEY


def test_put_there_by_another_program(tmp_path: Path, kept: type[Kept], trusting: Trusting) -> None:
    kept.kept["invoicepay", f"{LEDGER}:gateway"] = KEY
    assert gateway_key(tmp_path, LEDGER, Mode.LIVE, {}, trusting(kept)) == KEY


def test_no_keyring_names_the_file_as_the_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with pytest.raises(Unreachable) as caught:
        gateway_key(tmp_path, LEDGER, Mode.LIVE, {})
    assert caught.value.code == "keyring_unavailable"
    assert VARIABLE in caught.value.hint


@pytest.mark.parametrize("key", ["", " ", "two words", "a\nb", "k\u00e9y"])
def test_what_cannot_be_a_key_is_not_kept(
    tmp_path: Path, kept: type[Kept], trusting: Trusting, key: str
) -> None:
    with pytest.raises(BadInput):
        set_gateway_key(tmp_path, LEDGER, Mode.LIVE, key, trusting(kept))
    assert kept.kept == {}


OF_MODE = {
    Mode.TEST: ("sk_test_51Abc", "rk_test_51Abc"),
    Mode.LIVE: ("sk_live_51Abc", "rk_live_51Abc"),
}


@pytest.mark.parametrize("mode", OF_MODE)
@pytest.mark.parametrize("key", [key for keys in OF_MODE.values() for key in keys])
def test_a_ledger_takes_the_keys_of_its_mode_and_no_others(
    file: Path, tmp_path: Path, kept: type[Kept], trusting: Trusting, mode: Mode, key: str
) -> None:
    file.write_text(key)
    keyring = trusting(kept)
    kept.kept["invoicepay", f"{LEDGER}:gateway"] = key
    if key in OF_MODE[mode]:
        assert gateway_key(tmp_path, LEDGER, mode, {VARIABLE: str(file)}) == key
        assert gateway_key(tmp_path, LEDGER, mode, {}, keyring) == key
        set_gateway_key(tmp_path, LEDGER, mode, key, keyring)
        return
    for environ in ({VARIABLE: str(file)}, {}):
        with pytest.raises(Unreachable) as mismatch:
            gateway_key(tmp_path, LEDGER, mode, environ, keyring)
        assert mismatch.value.code == "gateway_mismatch"
        assert key not in mismatch.value.message + mismatch.value.hint
    with pytest.raises(Usage) as refused:
        set_gateway_key(tmp_path, LEDGER, mode, key, keyring)
    assert f"the ledger is a {mode} ledger" in refused.value.message
    assert OF_MODE[mode][0][:8] in refused.value.hint


@pytest.mark.parametrize("key", ["pk_test_51Abc", "whsec_1", "sk_51Abc", "SK_TEST_51Abc"])
def test_what_is_no_secret_key_is_of_no_mode(
    tmp_path: Path, kept: type[Kept], trusting: Trusting, key: str
) -> None:
    for mode in OF_MODE:
        with pytest.raises(Usage):
            set_gateway_key(tmp_path, LEDGER, mode, key, trusting(kept))
    assert kept.kept == {}


def test_a_pipe_in_the_files_place_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key", 0o600)
    with pytest.raises(Refused) as caught:
        gateway_key(tmp_path, LEDGER, Mode.LIVE, {VARIABLE: str(tmp_path / "key")})
    assert (caught.value.code, "regular file" in caught.value.message) == ("insecure_file", True)


def test_a_file_that_does_not_answer_is_given_up(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a mount whose server has gone. It is not replaced by the keyring either."""
    end = threading.Event()

    def hang(*_: object, **__: object) -> int:
        end.wait(HANGS_AFTER)
        raise OSError(EIO, os.strerror(EIO))

    monkeypatch.setattr(os, "open", hang)
    keyring = KeyringSecrets(tmp_path, patience=Patience(seconds=0.05))
    with pytest.raises(Unreachable) as caught:
        gateway_key(tmp_path, LEDGER, Mode.LIVE, {VARIABLE: str(file)}, keyring)
    end.set()
    assert (caught.value.code, str(file) in caught.value.message) == ("secret_unreadable", True)


def test_a_keyring_that_does_not_answer_is_given_up_once_for_session_and_key(
    tmp_path: Path, silent: type[Silent]
) -> None:
    name = f"{silent.__module__}.{silent.__qualname__}"
    keyring = KeyringSecrets(tmp_path, trusted=name, patience=Patience(seconds=0.05))
    attempts: list[tuple[Callable[[], object], str]] = [
        (lambda: keyring.set("session", "s3cret"), "--insecure-storage"),
        (lambda: gateway_key(tmp_path, LEDGER, Mode.LIVE, {}, keyring), VARIABLE),
        (lambda: set_gateway_key(tmp_path, LEDGER, Mode.LIVE, KEY, keyring), VARIABLE),
        (lambda: keyring.get("session", discover=True), "--insecure-storage"),
        (keyring.machine, "--insecure-storage"),
    ]
    for ask, way_on in attempts:
        with pytest.raises(Unreachable, match="does not answer") as caught:
            ask()
        assert caught.value.code == "keyring_unavailable"
        assert way_on in caught.value.hint
    assert silent.asked == ["session"]
    assert list(tmp_path.iterdir()) == []
