"""How long a command takes to start: whole processes, in turns with a bare interpreter and, where
it is installed, GitHub's `gh`.

    python -m benchmarks.bench_startup

The last figure is with the session in a real keyring: gnome-keyring on a session bus of its own,
in which this program runs once more. The modules are compiled first: without their .pyc files
everything takes four times as long.
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import invoicepay
from benchmarks.measure import line, milliseconds, ratio, take_turns

ROUNDS = 21
INVOICEPAY = str(Path(sysconfig.get_path("scripts")) / "invoicepay")
BARE, LIST, HELP, PEER = "python -I -c pass", "invoices list", "--help", "gh --help"
SHORT = {BARE: "bare", PEER: "gh"}
IN_KEYRING = "invoices list, session in a keyring"
# The interpreter itself, not a version manager's shim.
RUN_BARE = [sys.executable, "-I", "-c", "pass"]
RUN_LIST = [INVOICEPAY, "invoices", "list"]
KEYRING_PROGRAMS = ("dbus-run-session", "dbus-send", "gnome-keyring-daemon")
Environment = Mapping[str, str]


def main() -> None:
    compile_all()
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = hermetic(folder)
        login = demo(folder, environment)
        timers = {
            BARE: timer(RUN_BARE, environment),
            LIST: timer(RUN_LIST, environment),
            HELP: timer([INVOICEPAY, "--help"], environment),
        }
        gh = shutil.which("gh")
        if gh:
            timers[PEER] = timer([gh, "--help"], environment)
        taken = take_turns(timers, ROUNDS)
        line(BARE, f"{median(taken[BARE]):.1f} ms")
        compare(taken, LIST, BARE, "7")
        compare(taken, HELP, BARE, "8")
        if gh:
            line(PEER, f"{median(taken[PEER]):.1f} ms")
            compare(taken, LIST, PEER, "1.5")
        else:
            print("skipped: gh is not installed")
        with_keyring(folder, environment, login)


def compile_all() -> None:
    """Ours and what we use, also where PYTHONDONTWRITEBYTECODE says not to."""
    for source in (Path(invoicepay.__file__).parent, sysconfig.get_path("purelib")):
        compileall.compile_dir(source, quiet=2)


def hermetic(folder: Path) -> Environment:
    """An environment in which nothing of the user's is read or written."""
    for name in ("home", "runtime"):
        (folder / name).mkdir(mode=0o700)
    places = ("HOME", *(f"XDG_{what}_HOME" for what in ("CONFIG", "DATA", "CACHE", "STATE")))
    return {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        **{name: str(folder / "home") for name in places},
        "XDG_RUNTIME_DIR": str(folder / "runtime"),
        "INVOICEPAY_CONFIG": str(folder / "demo" / "invoicepay.toml"),
    }


def demo(folder: Path, environment: Environment) -> str:
    """Make the practice company. Returns e-mail and password of its first contact, who is logged
    in, with the session in a file; a line each."""
    command = [INVOICEPAY, "demo", "--dir", str(folder / "demo"), "--json"]
    made = subprocess.run(command, env=environment, check=True, capture_output=True)
    login = json.loads(made.stdout)["logins"][0]
    return f"{login['email']}\n{login['password']}\n"


def timer(command: Sequence[str], environment: Environment) -> Callable[[], float]:
    def run() -> None:
        subprocess.run(command, env=environment, check=True, capture_output=True)

    return lambda: milliseconds(run)


def compare(taken: Mapping[str, Sequence[float]], name: str, beside: str, target: str) -> None:
    times = f"{ratio(taken[name], taken[beside]):.2f} x {SHORT[beside]}"
    line(name, f"{median(taken[name]):.1f} ms", times, target)


# --- With a real keyring ----------------------------------------------------------------------


def with_keyring(folder: Path, environment: Environment, login: str) -> None:
    """Run this program again in a session bus of its own, where `in_session` goes on."""
    if missing := [program for program in KEYRING_PROGRAMS if not shutil.which(program)]:
        print(f"skipped: {IN_KEYRING}: no {', '.join(missing)}")
        return
    # The same ledger; the session of this one is in the keyring.
    second = folder / "second.toml"
    second.write_text('ledger = "demo/ledger.db"\nsecrets = "secrets"\n', "utf-8")
    sys.stdout.flush()
    again = ["dbus-run-session", "--", sys.executable, "-m", "benchmarks.bench_startup"]
    done = subprocess.run(
        [*again, str(second)], env=environment, input=login, text=True, stderr=subprocess.PIPE
    )
    if done.returncode:
        print(f"skipped: {IN_KEYRING}: it could not be set up: {done.stderr.strip()[-200:]}")


def in_session(config: str) -> None:
    """Log in with the e-mail and password on stdin, and time with and without the keyring."""
    email, password = sys.stdin.read().splitlines()
    environment = dict(os.environ)
    second = environment | {"INVOICEPAY_CONFIG": config}
    with unlocked_keyring():
        command = [INVOICEPAY, "login", "--email", email, "--password-stdin"]
        subprocess.run(
            command, env=second, input=password.encode(), check=True, stdout=subprocess.DEVNULL
        )
        timers = {
            BARE: timer(RUN_BARE, environment),
            LIST: timer(RUN_LIST, environment),
            IN_KEYRING: timer(RUN_LIST, second),
        }
        taken = take_turns(timers, ROUNDS)
    added = [ours - file for ours, file in zip(taken[IN_KEYRING], taken[LIST], strict=True)]
    compare(taken, IN_KEYRING, BARE, "")
    times = f"{ratio(added, taken[BARE]):.2f} x {SHORT[BARE]}"
    line("  of which the keyring", f"{median(added):.1f} ms", times, "5")


@contextmanager
def unlocked_keyring() -> Iterator[None]:
    """A daemon that has come up: before, the bus would start a second one, locked."""
    daemon = subprocess.Popen(
        ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert daemon.stdin is not None
        daemon.stdin.write(b"password of the keyring")
        daemon.stdin.close()
        deadline = time.monotonic() + 20
        while not has_owner("org.freedesktop.secrets"):
            if time.monotonic() > deadline:
                sys.exit("gnome-keyring-daemon did not come up")
            time.sleep(0.05)
        yield
    finally:
        daemon.terminate()
        daemon.wait(20)


def has_owner(name: str) -> bool:
    bus = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"]
    question = [*bus, "org.freedesktop.DBus.NameHasOwner", f"string:{name}"]
    return b"true" in subprocess.run(question, capture_output=True, check=True).stdout


if __name__ == "__main__":
    if sys.argv[1:]:
        in_session(sys.argv[1])
    else:
        try:
            main()
        except subprocess.CalledProcessError as error:
            print(f"skipped: {error}\n{error.stderr.decode()}")
