"""Which keyrings are refused, how that is said, and that none of them has run by then."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import keyring.errors
import pytest
from keyring.backend import KeyringBackend, _load_plugins

from invoicepay.billing.errors import InvoicepayError, Refused, Unreachable
from invoicepay.credentials import keyrings
from invoicepay.credentials.keyring_store import KeyringSecrets

if TYPE_CHECKING:
    from tests.credentials.conftest import Kept, Trusting

USER, SECRET = "ledger-1", "the-s3cret"
CHOICE = "PYTHON_KEYRING_BACKEND"
NULL, FAIL = "keyring.backends.null.Keyring", "keyring.backends.fail.Keyring"


@pytest.fixture(autouse=True)
def no_settings_of_the_keyring_package(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Nor a bus on which a keyring could be."""
    monkeypatch.delenv(CHOICE, raising=False)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    config = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    return config


def refused(store: KeyringSecrets) -> InvoicepayError:
    with pytest.raises(InvoicepayError) as caught:
        store.set(USER, SECRET)
    error = caught.value
    assert "--insecure-storage" in error.hint
    assert "INVOICEPAY_TOKEN" in error.hint
    assert SECRET not in error.message + error.hint
    assert error.__cause__ is None
    return error


class Site:
    """A folder of Python code, where each module leaves a mark when it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._mark = folder, folder / "loaded"
        folder.mkdir(parents=True)

    def add(self, module: str, base: str = "keyring.backend.KeyringBackend") -> str:
        """A backend in `module`, with the highest priority there is. Its name."""
        path = self.folder / f"{module.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        imported, _, name = base.rpartition(".")
        path.write_text(
            f"from pathlib import Path\nPath({str(self._mark)!r}).touch()\n"
            f"from {imported} import {name} as Base\n"
            "class Keyring(Base):\n"
            "    priority = 99\n"
            "    def get_password(self, service, username): return 'theirs'\n"
            "    def set_password(self, service, username, password): pass\n"
        )
        return f"{module}.Keyring"

    @property
    def loaded(self) -> bool:
        return self._mark.exists()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    site = Site(tmp_path / "site")
    monkeypatch.syspath_prepend(str(site.folder))
    before = set(sys.modules)
    yield site
    for name in (
        set(sys.modules) - before
    ):  # or the next test's would seem loaded, and leave no mark
        if str(site.folder) in str(getattr(sys.modules[name], "__spec__", "")):
            del sys.modules[name]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    return folder


def test_null_keeps_nothing(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOICE, NULL)
    error = refused(KeyringSecrets(secrets))
    assert (type(error), error.code) == (Refused, "insecure_keyring")
    assert NULL in error.message
    assert list(secrets.iterdir()) == []


def test_none_at_all(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for choice in (FAIL, "", "keyring.backends.chainer.ChainerBackend"):
        monkeypatch.setenv(CHOICE, choice)
        error = refused(KeyringSecrets(secrets))
        assert (type(error), error.code) == (Unreachable, "keyring_unavailable")
        assert "no keyring" in error.message


@pytest.mark.parametrize("module", ["keyrings.alt.file", "a_plaintext_store"])
@pytest.mark.parametrize("where", ["variable", "file", "note", "our settings"])
def test_a_weak_one_is_refused_before_it_is_loaded(
    site: Site, secrets: Path, monkeypatch: pytest.MonkeyPatch, module: str, where: str
) -> None:
    name = site.add(module)
    store = named(where, name, secrets, monkeypatch)
    with pytest.raises(Refused) as caught:
        store.get(USER, discover=True)
    assert caught.value.code == "insecure_keyring"
    assert name in caught.value.message
    assert not site.loaded


@pytest.mark.parametrize("where", ["variable", "file", "note"])
def test_an_unknown_one_is_refused_before_it_is_loaded(
    site: Site, secrets: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    name = site.add("somebodys")
    store = named(where, name, secrets, monkeypatch)
    with pytest.raises(Unreachable) as caught:
        store.get(USER, discover=True)
    assert caught.value.code == "keyring_unavailable"
    assert f'backend = "{name}"' in caught.value.hint
    assert not site.loaded
    # As the hint says:
    assert KeyringSecrets(secrets, trusted=name).get(USER, discover=True) == "theirs"
    assert site.loaded


def named(where: str, name: str, secrets: Path, monkeypatch: pytest.MonkeyPatch) -> KeyringSecrets:
    """A store where the keyring `name` is named somewhere."""
    if where == "variable":
        monkeypatch.setenv(CHOICE, name)
    elif where == "file":
        folder = Path(os.environ["XDG_CONFIG_HOME"]) / "python_keyring"
        folder.mkdir()
        (folder / "keyringrc.cfg").write_text(f"[backend]\ndefault-keyring = {name}\n")
    elif where == "note":
        note = secrets / f"{USER}.keyring"
        note.touch(0o600)
        note.write_text(json.dumps({"backend": name}))
    else:
        return KeyringSecrets(secrets, trusted=name)
    return KeyringSecrets(secrets)


def test_one_that_is_only_installed_is_not_loaded(site: Site, secrets: Path) -> None:
    """The `keyring` package would: by its entry point, and for its priority it would be chosen."""
    name = site.add("installed")
    metadata = site.folder / "installed-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[keyring.backends]\ninstalled = installed\n")
    assert "no keyring" in refused(KeyringSecrets(secrets)).message
    assert not site.loaded
    assert any(str(type(each)) for each in _all_of_the_keyring_package() if name in str(type(each)))
    assert site.loaded  # so it would have been


def _all_of_the_keyring_package() -> list[object]:
    _load_plugins()
    return [kind() for kind in KeyringBackend.get_viable_backends()]


def test_a_path_to_load_code_from_is_not_heeded(
    site: Site, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Site(secrets.parent / "other")
    name = other.add("elsewhere")
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "python_keyring"
    folder.mkdir()
    (folder / "keyringrc.cfg").write_text(
        f"[backend]\ndefault-keyring = {name}\nkeyring-path = {other.folder}\n"
    )
    before = list(sys.path)
    refused(KeyringSecrets(secrets))
    assert "cannot be loaded" in refused(KeyringSecrets(secrets, trusted=name)).message
    assert sys.path == before
    assert not other.loaded


def test_settings_of_the_keyring_package_that_are_none(secrets: Path) -> None:
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "python_keyring"
    folder.mkdir()
    (folder / "keyringrc.cfg").write_text("no settings at all")
    error = refused(KeyringSecrets(secrets))
    assert (error.code, "keyringrc.cfg" in error.message) == ("keyring_unavailable", True)


def test_a_subclass_of_a_weak_one_is_as_weak(site: Site, secrets: Path) -> None:
    name = site.add("better", NULL)
    assert refused(KeyringSecrets(secrets, trusted=name)).code == "insecure_keyring"


def test_what_the_user_trusts_goes_before_what_the_keyring_package_is_told(
    site: Site, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CHOICE, NULL)
    store = KeyringSecrets(secrets, trusted=site.add("trusted"))
    assert store.machine() == "trusted.Keyring"


def test_every_known_one_is_there() -> None:
    """A name that the package no longer has would never be found."""
    for name in keyrings.KNOWN:
        module, _, attribute = name.rpartition(".")
        if sys.platform == "darwin" or "macOS" not in module:  # its code wants macOS to be loaded
            assert hasattr(importlib.import_module(module), attribute), name
        else:
            assert importlib.util.find_spec(module), name
        assert keyrings.is_name(name)
        assert not keyrings.weakness(name)


def test_one_that_takes_no_secrets(trusting: Trusting, reads_only: type[Kept]) -> None:
    error = refused(trusting(reads_only))
    assert (error.code, "takes no secrets" in error.message) == ("keyring_unavailable", True)


def test_one_that_drops_what_it_takes(tmp_path: Path, trusting: Trusting, kept: type[Kept]) -> None:
    kept.drops = True
    error = refused(trusting(kept))
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
        (TimeoutError("the-s3cret"), r"failed \(TimeoutError\)"),
        (RuntimeError("the-s3cret"), r"failed \(RuntimeError\)"),
    ],
)
def test_locked_and_broken(
    trusting: Trusting, kept: type[Kept], problem: Exception, words: str
) -> None:
    store = trusting(kept)
    store.set(USER, "earlier")
    kept.error = problem
    assert refused(store).code == "keyring_unavailable"
    for attempt in (store.get, store.delete):
        with pytest.raises(Unreachable, match=words) as caught:
            attempt(USER)
        assert SECRET not in str(caught.value)
    kept.error = None
    assert store.get(USER) == "earlier"


def test_one_that_cannot_be_loaded(site: Site, secrets: Path) -> None:
    (site.folder / "broken.py").write_text("raise ModuleNotFoundError('no module the-s3cret')")
    for name in ("broken.Keyring", "no.such.module.Keyring", "keyring.backends.nothing.Keyring"):
        error = refused(KeyringSecrets(secrets, trusted=name))
        assert error.code == "keyring_unavailable"
        assert "cannot be loaded" in error.message


def test_the_note_is_private_and_holds_no_secret(
    tmp_path: Path, trusting: Trusting, kept: type[Kept]
) -> None:
    trusting(kept).set(USER, SECRET)
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
        '{"backend": ""}',
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


def test_a_note_that_others_could_have_written(
    tmp_path: Path, trusting: Trusting, kept: type[Kept]
) -> None:
    store = trusting(kept)
    store.set(USER, SECRET)
    (tmp_path / f"{USER}.keyring").chmod(0o660)
    with pytest.raises(Refused) as caught:
        store.get(USER)
    assert caught.value.code == "insecure_file"


def test_a_keyring_is_found_only_when_one_is_needed(
    trusting: Trusting, kept: type[Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading goes to where the secret was put; it never looks for keyrings."""
    trusting(kept).set(USER, SECRET)
    monkeypatch.setitem(sys.modules, "keyring", ModuleType("keyring"))  # has no get_keyring
    monkeypatch.setattr(keyrings, "machine", None)
    monkeypatch.setattr(keyrings, "chosen", None)
    assert trusting(kept).get(USER) == SECRET
    assert trusting(kept).get("another") is None
