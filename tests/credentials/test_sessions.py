"""Where the session token is looked for, and what that costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from invoicepay.billing.errors import Refused, Unreachable
from invoicepay.credentials.sessions import SessionTokens

if TYPE_CHECKING:
    from tests.credentials.conftest import Kept, Trusting

LEDGER = "6e0b6a8e-6d3f-4f0e-9a7e-0d1f6a6f5c11"


@pytest.fixture
def tokens(tmp_path: Path, kept: type[Kept], trusting: Trusting) -> SessionTokens:
    return SessionTokens(tmp_path, LEDGER, {}, lambda: trusting(kept))


def test_logged_out(tokens: SessionTokens) -> None:
    assert (tokens.get(), tokens.source()) == ("", "")
    tokens.delete()


def test_keyring(tokens: SessionTokens, kept: type[Kept]) -> None:
    tokens.set("from-keyring")
    assert (tokens.get(), tokens.source()) == ("from-keyring", "keyring")
    assert kept.kept == {("invoicepay", LEDGER): "from-keyring"}
    tokens.delete()
    assert (tokens.get(), kept.kept) == ("", {})


def test_insecure_file_only_when_asked_for(tokens: SessionTokens, tmp_path: Path) -> None:
    tokens.set("from-file", insecure=True)
    assert (tokens.get(), tokens.source()) == ("from-file", "file")
    assert [p.name for p in tmp_path.iterdir()] == [f"{LEDGER}.secret"]
    tokens.delete()
    assert list(tmp_path.iterdir()) == []


def test_nothing_falls_back_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    tokens = SessionTokens(tmp_path, LEDGER, {})
    with pytest.raises(Unreachable) as caught:
        tokens.set("secret")
    assert caught.value.code == "keyring_unavailable"
    assert "--insecure-storage" in caught.value.hint
    with pytest.raises(Unreachable) as early:
        tokens.check_place()
    assert (early.value.code, early.value.hint) == (caught.value.code, caught.value.hint)
    assert list(tmp_path.iterdir()) == []


def test_a_place_is_looked_at_and_nothing_is_kept_there(
    tokens: SessionTokens, tmp_path: Path, kept: type[Kept]
) -> None:
    tokens.check_place()
    tokens.check_place(insecure=True)
    assert (kept.kept, list(tmp_path.iterdir())) == ({}, [])

    tokens.set("from-file", insecure=True)
    tokens.check_place(insecure=True)
    assert tokens.get() == "from-file"
    (tmp_path / f"{LEDGER}.secret").chmod(0o644)
    with pytest.raises(Refused):
        tokens.check_place(insecure=True)


def test_environment_beats_file_beats_keyring(
    tmp_path: Path, kept: type[Kept], trusting: Trusting
) -> None:
    environ: dict[str, str] = {}
    tokens = SessionTokens(tmp_path, LEDGER, environ, lambda: trusting(kept))
    tokens.set("from-keyring")
    tokens.set("from-file", insecure=True)
    assert tokens.get() == "from-file"
    environ["INVOICEPAY_TOKEN"] = " from-environment\n"
    assert (tokens.get(), tokens.source()) == ("from-environment", "environment")
    environ["INVOICEPAY_TOKEN"] = "  "
    assert tokens.get() == "from-file"


def test_a_login_with_the_keyring_ends_the_file(tokens: SessionTokens, tmp_path: Path) -> None:
    tokens.set("old", insecure=True)
    tokens.set("new")
    assert tokens.get() == "new"
    assert not (tmp_path / f"{LEDGER}.secret").exists()


def test_logging_out_forgets_both(tokens: SessionTokens, kept: type[Kept]) -> None:
    tokens.set("from-keyring")
    tokens.set("from-file", insecure=True)
    tokens.delete()
    assert (tokens.get(), kept.kept) == ("", {})


def test_a_file_that_others_may_read_is_refused(tokens: SessionTokens, tmp_path: Path) -> None:
    tokens.set("from-file", insecure=True)
    (tmp_path / f"{LEDGER}.secret").chmod(0o644)
    with pytest.raises(Refused) as caught:
        tokens.get()
    assert caught.value.code == "insecure_file"


def test_ledgers_do_not_share_sessions(
    tmp_path: Path, kept: type[Kept], trusting: Trusting
) -> None:
    for ledger in ("a", "b"):
        SessionTokens(tmp_path, f"ledger-{ledger}", {}, lambda: trusting(kept)).set(ledger)
    assert SessionTokens(tmp_path, "ledger-a", {}, lambda: trusting(kept)).get() == "a"


@pytest.mark.parametrize("where", ["environment", "file", "nowhere"])
def test_the_keyring_package_is_not_imported_without_need(tmp_path: Path, where: str) -> None:
    """It takes longer to import than a command takes to run."""
    if where == "file":
        SessionTokens(tmp_path, LEDGER, {}).set("token", insecure=True)
    environ = {"INVOICEPAY_TOKEN": "token"} if where == "environment" else {}
    program = f"""
import sys
from pathlib import Path
from invoicepay.credentials.sessions import SessionTokens
tokens = SessionTokens(Path({str(tmp_path)!r}), {LEDGER!r}, {environ!r})
assert tokens.get() == {"" if where == "nowhere" else "token"!r}
tokens.source()
if {where == "nowhere"}:
    tokens.delete()
loaded = [m for m in sys.modules if m.split(".")[0] in ("keyring", "argon2", "secretstorage")]
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
