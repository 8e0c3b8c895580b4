"""Our store with a real keyring: gnome-keyring, on a session bus of its own, without a screen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

needs_gnome_keyring = pytest.mark.skipif(
    not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")),
    reason="needs gnome-keyring-daemon and dbus-run-session",
)

# Runs inside dbus-run-session. Without the wait a second, locked daemon would be started by the
# bus when the first one is not there yet.
START = """
import json, subprocess, sys, time
from pathlib import Path
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
daemon = subprocess.Popen(
    ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
daemon.stdin.write(b"password of the keyring")
daemon.stdin.close()
bus = open_dbus_connection()
for _ in range(600):
    if bus.send_and_get_reply(message_bus.NameHasOwner("org.freedesktop.secrets")).body[0]:
        break
    time.sleep(0.05)
else:
    raise SystemExit("gnome-keyring-daemon did not come up")

from invoicepay.billing.errors import InvoicepayError
from invoicepay.billing.identity import Mode
from invoicepay.credentials.gateway_key import gateway_key, set_gateway_key
from invoicepay.credentials.sessions import SessionTokens
folder = Path(sys.argv[1])

def fresh():
    # As the next command would: everything anew.
    return SessionTokens(folder, "ledger-1", {})

def refused(call, *args):
    try:
        call(*args)
    except InvoicepayError as problem:
        return [problem.code, problem.message, problem.hint]
    return None
"""

ROUND_TRIP = """
said = {"before": fresh().get()}
fresh().set("t0ken-of-the-session")
said["after"] = fresh().get()
said["source"] = fresh().source()
fresh().set("the-second")
said["again"] = fresh().get()
set_gateway_key(folder, "ledger-1", Mode.LIVE, "sk_live_xyz")
said["key"] = gateway_key(folder, "ledger-1", Mode.LIVE, {})
fresh().delete()
said["deleted"] = fresh().get()
said["key_still"] = gateway_key(folder, "ledger-1", Mode.LIVE, {})
"""

LOCKED = """
import secretstorage
fresh().set("t0ken-of-the-session")
connection = secretstorage.dbus_init()
secretstorage.get_default_collection(connection).lock()
said = {
    "get": refused(fresh().get),
    "set": refused(fresh().set, "the-second"),
    "delete": refused(fresh().delete),
    "files": sorted(p.name for p in folder.iterdir()),
}
"""

END = """
print(json.dumps(said))
daemon.terminate()
daemon.wait(30)
"""


def run(program: str, tmp_path: Path, *, bus: bool = True) -> dict[str, object]:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "runtime").mkdir(mode=0o700)
    environ = {
        **{k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")},
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_RUNTIME_DIR": str(tmp_path / "runtime"),
    }
    environ.pop("PYTHON_KEYRING_BACKEND", None)
    if not bus:
        environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={tmp_path}/no-bus"
    command = [sys.executable, "-c", program, str(tmp_path / "secrets")]
    done = subprocess.run(
        ["dbus-run-session", "--", *command] if bus else command,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert isinstance(said, dict)
    return said


@needs_gnome_keyring
def test_set_get_delete(tmp_path: Path) -> None:
    assert run(START + ROUND_TRIP + END, tmp_path) == {
        "before": "",
        "after": "t0ken-of-the-session",
        "source": "keyring",
        "again": "the-second",
        "key": "sk_live_xyz",
        "deleted": "",
        "key_still": "sk_live_xyz",
    }
    note = json.loads((tmp_path / "secrets" / "ledger-1.gateway.keyring").read_text())
    assert note["backend"].endswith(".Keyring")
    in_the_clear = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and (b"sk_live_xyz" in (c := path.read_bytes()) or b"t0ken" in c)
    ]
    assert in_the_clear == []


@needs_gnome_keyring
def test_locked_and_nobody_to_ask(tmp_path: Path) -> None:
    said = run(START + LOCKED + END, tmp_path)
    for attempt in ("get", "set", "delete"):
        answer = said[attempt]
        assert isinstance(answer, list), f"{attempt} should have been refused"
        code, message, hint = answer
        assert code == "keyring_unavailable"
        assert "token" not in message.replace("INVOICEPAY_TOKEN", "")
        assert "--insecure-storage" in hint
    assert said["files"] == ["ledger-1.keyring"]  # nothing was written in the clear


SILENT = """
import json, sys, threading
import keyring.backends.SecretService  # a loaded machine takes its time, which is not asked here
from pathlib import Path
from jeepney import HeaderFields
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
from invoicepay.billing.errors import InvoicepayError
from invoicepay.credentials.keyring_store import KeyringSecrets
from invoicepay.credentials.patience import Patience

bus = open_dbus_connection()
assert bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.secrets")).body == (1,)
asked = []

def listen():
    while True:  # and never a reply
        asked.append(bus.receive().header.fields.get(HeaderFields.member))

threading.Thread(target=listen, daemon=True).start()
try:
    KeyringSecrets(Path(sys.argv[1]), patience=Patience(seconds=3.0)).set("ledger-1", "t0ken")
except InvoicepayError as problem:
    asked = [member for member in asked if member != "NameAcquired"]
    print(json.dumps({"code": problem.code, "message": problem.message, "asked": asked}))
"""


@pytest.mark.skipif(not shutil.which("dbus-run-session"), reason="needs dbus-run-session")
def test_a_real_secret_service_that_never_answers(tmp_path: Path) -> None:
    assert run(SILENT, tmp_path) == {
        "code": "keyring_unavailable",
        "message": "the keyring does not answer",
        "asked": ["Get"],
    }


NO_KEYRING = """
import json, sys
from pathlib import Path
from invoicepay.billing.errors import InvoicepayError
from invoicepay.credentials.sessions import SessionTokens
folder = Path(sys.argv[1])
try:
    SessionTokens(folder, "ledger-1", {}).set("t0ken")
    said = {"code": "kept"}
except InvoicepayError as problem:
    said = {"code": problem.code, "hint": problem.hint}
said["files"] = sorted(p.name for p in folder.iterdir()) if folder.exists() else []
print(json.dumps(said))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="macOS and Windows always have a keyring")
def test_a_machine_without_one(tmp_path: Path) -> None:
    said = run(NO_KEYRING, tmp_path, bus=False)
    assert said["code"] == "keyring_unavailable"
    assert "--insecure-storage" in str(said["hint"])
    assert said["files"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="macOS and Windows always have a keyring")
def test_null_by_the_environment(tmp_path: Path) -> None:
    """A real choice of a real user's environment, found by the real discovery."""
    program = (
        "import os\nos.environ['PYTHON_KEYRING_BACKEND'] = 'keyring.backends.null.Keyring'\n"
        + NO_KEYRING
    )
    said = run(program, tmp_path, bus=False)
    assert said["code"] == "insecure_keyring"
    assert said["files"] == []


COMMANDS = """
import os
os.environ["INVOICEPAY_LEDGER"] = str(folder / "ledger.db")
program = Path(sys.executable).with_name("invoicepay")

def invoicepay(*words, stdin=""):
    done = subprocess.run([program, *words], input=stdin, capture_output=True, text=True)
    return [done.returncode, done.stdout, done.stderr]

password = "velvet canyon orbits 47 mugs"
me = "ada@example.com"
said = {
    "init": invoicepay("init", "--company", "A", "--admin-email", me, "--password-stdin",
                       stdin=password),
    "login": invoicepay("login", "--email", me, "--password-stdin", stdin=password),
    "whoami": invoicepay("whoami", "--json"),
    "token": invoicepay("tokens", "create", "nightly"),
    "doctor": invoicepay("doctor", "--json"),
    "logout": invoicepay("logout"),
    "after": invoicepay("whoami"),
}
"""


@needs_gnome_keyring
def test_a_login_lives_in_the_keyring_from_command_to_command(tmp_path: Path) -> None:
    said = run(START + COMMANDS + END, tmp_path)

    codes = {name: result[0] for name, result in said.items()}  # type: ignore[index]
    assert codes == dict.fromkeys(said, 0) | {"after": 4}, said
    assert json.loads(said["whoami"][1])["email"] == "ada@example.com"  # type: ignore[index]
    checks = json.loads(said["doctor"][1])  # type: ignore[index]
    found = {c["name"]: c["detail"] for c in checks}
    assert "keyring" in found["login"]
    assert found["keyring"] == "keyring.backends.SecretService.Keyring"
    token = said["token"][1].strip()  # type: ignore[index]
    assert token.startswith("invoicepay_")
    stored = [p for p in tmp_path.rglob("*") if p.is_file() and ".db" not in p.name]
    assert not any(token.encode() in p.read_bytes() for p in stored)
