"""Which keyrings are refused, and how that is said. None of them is a real one."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import keyring.errors
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from invoicepay.billing.errors import InvoicepayError, Refused, Unreachable
from invoicepay.credentials.keyring_store import KeyringSecrets

if TYPE_CHECKING:
    from tests.adapters.credentials.conftest import Chain, Kept

USER, SECRET = "ledger-1", "the-s3cret"


def alt(kept: type[Kept]) -> KeyringBackend:
    """What `keyrings.alt` would be; it is not installed."""
    made: type[Kept] = type("PlainKeyring", (kept,), {"__module__": "keyrings.alt.file"})
    return made()


def refused(store: KeyringSecrets) -> InvoicepayError:
    with pytest.raises(InvoicepayError) as caught:
        store.set(USER, SECRET)
    error = caught.value
    assert "--insecure-storage" in error.hint
    assert "INVOICEPAY_TOKEN" in error.hint
    assert SECRET not in error.message + error.hint
    assert error.__cause__ is None
    return error


def test_null_keeps_nothing(tmp_path: Path) -> None:
    error = refused(KeyringSecrets(tmp_path, discover=null.Keyring))
    assert (type(error), error.code) == (Refused, "insecure_keyring")
    assert "keyring.backends.null.Keyring" in error.message
    assert list(tmp_path.iterdir()) == []


def test_none_at_all(tmp_path: Path) -> None:
    error = refused(KeyringSecrets(tmp_path, discover=fail.Keyring))
    assert (type(error), error.code) == (Unreachable, "keyring_unavailable")
    assert "no keyring" in error.message


def test_plaintext_by_package(tmp_path: Path, kept: type[Kept]) -> None:
    error = refused(KeyringSecrets(tmp_path, discover=lambda: alt(kept)))
    assert error.code == "insecure_keyring"
    assert "keyrings.alt.file.PlainKeyring" in error.message
    assert kept.kept == {}


def test_plaintext_by_name(tmp_path: Path, plaintext: type[Kept]) -> None:
    error = refused(KeyringSecrets(tmp_path, discover=plaintext))
    assert error.code == "insecure_keyring"
    assert plaintext.kept == {}


def test_a_subclass_of_a_weak_one_is_as_weak(tmp_path: Path) -> None:
    class Better(null.Keyring):
        pass

    assert refused(KeyringSecrets(tmp_path, discover=Better)).code == "insecure_keyring"


def test_a_chain_is_what_it_would_use_first(
    tmp_path: Path, kept: type[Kept], chain: type[Chain]
) -> None:
    chain.links = [kept(), alt(kept)]
    store = KeyringSecrets(tmp_path, discover=chain)
    store.set(USER, SECRET)
    assert store.get(USER) == SECRET
    remembered = json.loads((tmp_path / f"{USER}.keyring").read_text())["backend"]
    assert remembered == f"{kept.__module__}.Kept"


def test_a_chain_that_begins_weak_is_refused(
    tmp_path: Path, kept: type[Kept], chain: type[Chain]
) -> None:
    chain.links = [alt(kept), kept()]
    assert refused(KeyringSecrets(tmp_path, discover=chain)).code == "insecure_keyring"
    assert kept.kept == {}


def test_a_chain_never_goes_on_to_a_weak_one(
    tmp_path: Path, kept: type[Kept], reads_only: type[Kept], chain: type[Chain]
) -> None:
    chain.links = [reads_only(), alt(kept)]
    assert refused(KeyringSecrets(tmp_path, discover=chain)).code == "keyring_unavailable"
    assert kept.kept == {}


def test_a_chain_skips_what_takes_no_secrets(
    tmp_path: Path, kept: type[Kept], reads_only: type[Kept], chain: type[Chain]
) -> None:
    chain.links = [reads_only(), kept()]
    KeyringSecrets(tmp_path, discover=chain).set(USER, SECRET)
    assert kept.kept == {("invoicepay", USER): SECRET}


def test_an_empty_chain(tmp_path: Path, chain: type[Chain]) -> None:
    assert refused(KeyringSecrets(tmp_path, discover=chain)).code == "keyring_unavailable"


def test_one_that_drops_what_it_takes(tmp_path: Path, kept: type[Kept]) -> None:
    kept.drops = True
    error = refused(KeyringSecrets(tmp_path, discover=kept))
    assert error.code == "keyring_unavailable"
    assert "did not keep" in error.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (keyring.errors.KeyringLocked("the-s3cret"), "is locked"),
        (keyring.errors.InitError("the-s3cret"), r"failed \(InitError\)"),
        (keyring.errors.PasswordSetError("the-s3cret"), r"failed \(PasswordSetError\)"),
        (keyring.errors.NoKeyringError("the-s3cret"), r"failed \(NoKeyringError\)"),
        (ConnectionRefusedError("the-s3cret"), r"failed \(ConnectionRefusedError\)"),
        (RuntimeError("the-s3cret"), r"failed \(RuntimeError\)"),
    ],
)
def test_locked_and_broken(
    tmp_path: Path, kept: type[Kept], problem: Exception, words: str
) -> None:
    store = KeyringSecrets(tmp_path, discover=kept)
    store.set(USER, "earlier")
    kept.error = problem
    assert refused(store).code == "keyring_unavailable"
    for attempt in (store.get, store.delete):
        with pytest.raises(Unreachable, match=words) as caught:
            attempt(USER)
        assert SECRET not in str(caught.value)
    kept.error = None
    assert store.get(USER) == "earlier"


def test_discovery_that_fails(tmp_path: Path) -> None:
    def broken() -> KeyringBackend:
        raise ModuleNotFoundError("no module the-s3cret")

    error = refused(KeyringSecrets(tmp_path, discover=broken))
    assert error.code == "keyring_unavailable"


def test_the_note_is_private_and_holds_no_secret(tmp_path: Path, kept: type[Kept]) -> None:
    KeyringSecrets(tmp_path, discover=kept).set(USER, SECRET)
    note = tmp_path / f"{USER}.keyring"
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert SECRET not in note.read_text()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"backend": 7}',
        '{"backend": "os"}',
        '{"backend": "os.system"}',
        '{"backend": "no.such.module.Keyring"}',
        '{"backend": "../../x.Keyring"}',
    ],
)
def test_a_note_that_names_no_keyring(tmp_path: Path, content: str) -> None:
    note = tmp_path / f"{USER}.keyring"
    note.write_text(content)
    note.chmod(0o600)
    with pytest.raises(Unreachable) as caught:
        KeyringSecrets(tmp_path).get(USER)
    assert caught.value.code == "keyring_unavailable"


@pytest.mark.parametrize("name", ["keyring.backends.null.Keyring", "keyrings.alt.file.X"])
def test_a_note_that_names_a_weak_one(tmp_path: Path, name: str) -> None:
    note = tmp_path / f"{USER}.keyring"
    note.write_text(json.dumps({"backend": name}))
    note.chmod(0o600)
    with pytest.raises(Refused) as caught:
        KeyringSecrets(tmp_path).get(USER)
    assert caught.value.code == "insecure_keyring"


def test_a_note_that_others_could_have_written(tmp_path: Path, kept: type[Kept]) -> None:
    store = KeyringSecrets(tmp_path, discover=kept)
    store.set(USER, SECRET)
    (tmp_path / f"{USER}.keyring").chmod(0o660)
    with pytest.raises(Refused) as caught:
        store.get(USER)
    assert caught.value.code == "insecure_file"


def test_a_keyring_is_found_only_when_one_is_needed(
    tmp_path: Path, kept: type[Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading goes to where the secret was put; it never looks for keyrings."""
    KeyringSecrets(tmp_path, discover=kept).set(USER, SECRET)
    monkeypatch.setitem(sys.modules, "keyring", ModuleType("keyring"))  # has no get_keyring
    assert KeyringSecrets(tmp_path).get(USER) == SECRET
    assert KeyringSecrets(tmp_path).get("another") is None
