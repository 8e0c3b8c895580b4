"""The installed program, run as a person would run it: in a folder and with a home of its own,
and with nothing from the environment that the tests run in."""

from __future__ import annotations

import atexit
import functools
import json
import os
import pty
import select
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from tests.world.forks import Forks, can_fork

PROGRAM = Path(sys.executable).with_name("invoicepay")
HANGS_AFTER = 60.0
"""Seconds after which a run is given up; no run takes nearly as long."""
starts_each = False
"""Whether every run is started (`--program=installed`), and none is forked."""


@functools.cache
def _forks() -> Forks:
    forks = Forks(str(PROGRAM))
    atexit.register(forks.close)
    return forks


@dataclass(frozen=True)
class Result:
    """How a run ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """What a command answered with --format json, where it went well."""
        assert self.exit_code == 0, self.stderr
        return json.loads(self.stdout)

    @property
    def error(self) -> dict[str, str]:
        """What a command said on stderr with --format json, where it did not."""
        assert self.exit_code != 0, self.stdout
        return cast(dict[str, str], json.loads(self.stderr)["error"])


@dataclass(frozen=True)
class Desk:
    """Where somebody works: a current folder, a home, and perhaps variables of their own."""

    folder: Path
    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, command: str | Sequence[str], stdin: str = "", **more: str) -> Result:
        """`invoicepay COMMAND`. `more`: variables for this run."""
        code, out, err = self.ended(command, stdin.encode(), more)
        return Result(code, out.decode(), err.decode())

    def run_at_once(self, command: str, times: int) -> list[Result]:
        """`invoicepay COMMAND` so many times, all of them at the same time."""
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(lambda _: self.run(command), range(times)))

    def run_bytes(self, command: str | Sequence[str]) -> bytes:
        """What `invoicepay COMMAND` writes to stdout, where that is no text."""
        code, out, err = self.ended(command)
        assert code == 0, err.decode()
        return out

    def ended(
        self,
        command: str | Sequence[str],
        stdin: bytes = b"",
        more: Mapping[str, str] | None = None,
        *,
        umask: int | None = None,
    ) -> tuple[int, bytes, bytes]:
        """Exit code, stdout and stderr of a run; forked where its start makes no difference."""
        words, environment = _words(command), self.environment(more)
        if not starts_each and can_fork(environment):
            return _forks().run(words, stdin, self.folder, environment, HANGS_AFTER, umask=umask)
        done = subprocess.run(
            [str(PROGRAM), *words],
            input=stdin,
            capture_output=True,
            cwd=self.folder,
            env=environment,
            timeout=HANGS_AFTER,
            umask=-1 if umask is None else umask,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def run_into(self, file: str, command: str, *, errors: bool = False) -> Result:
        """`invoicepay COMMAND` with its answer, or its `errors`, written to a file that is there
        already."""
        with Path(file).open("wb") as target:
            done = subprocess.run(
                [str(PROGRAM), *_words(command)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if errors else target,
                stderr=target if errors else subprocess.PIPE,
                cwd=self.folder,
                env=self.environment(),
                timeout=HANGS_AFTER,
                check=False,
            )
        return Result(done.returncode, "", (done.stderr or b"").decode())

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """No keyring, no INVOICEPAY_*, no folders of the person who runs the tests."""
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **self.variables,
            **(more or {}),
        }

    @contextmanager
    def at_terminal(
        self,
        command: str | Sequence[str],
        *,
        ignoring: signal.Signals | None = None,
        screen: bool = False,
        **more: str,
    ) -> Iterator[Conversation]:
        """`invoicepay COMMAND` with a terminal for stdin, and with `screen` for stdout; the rest is
        piped. `ignoring`: a signal that it is started to ignore, as `nohup` does."""

        def set_signals() -> None:
            heed_interrupts()
            if ignoring is not None:
                signal.signal(ignoring, signal.SIG_IGN)

        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [str(PROGRAM), *_words(command)],
            stdin=theirs,
            stdout=theirs if screen else subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env=self.environment(more),
            start_new_session=True,  # this terminal is not the one the tests run in
            preexec_fn=set_signals,
        )
        os.close(theirs)
        try:
            yield Conversation(process, ours)
        finally:
            process.kill()
            process.communicate()
            os.close(ours)


def heed_interrupts() -> None:
    """In a child: a shell's background job ignores SIGINT, what `nohup` starts ignores SIGHUP, and
    so would all that they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Conversation:
    """A run that asks questions."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self._process, self._terminal, self._said = process, terminal, b""

    def wait_for(self, question: str) -> None:
        """Read stderr until `question` has been asked."""
        assert self._process.stderr is not None
        while question.encode() not in self._said:
            ready, _, _ = select.select([self._process.stderr], [], [], HANGS_AFTER)
            heard = os.read(self._process.stderr.fileno(), 65536) if ready else b""
            assert heard, f"it never asked {question!r}, it said {self._said.decode()!r}"
            self._said += heard

    def say(self, line: str) -> None:
        os.write(self._terminal, line.encode() + b"\n")

    def end_input(self) -> None:
        """Ctrl-D."""
        os.write(self._terminal, b"\x04")

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """Ctrl-C, or another signal."""
        self._process.send_signal(number)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def close_stdout(self) -> None:
        """Nobody reads the answer."""
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.stdout = None

    def shown(self) -> str:
        """All that came to the screen, once it has ended."""
        screen = b""
        with suppress(OSError):  # how a terminal ends that nobody else has open
            while heard := os.read(self._terminal, 65536):
                screen += heard
        return screen.decode()

    def end(self) -> Result:
        stdout, stderr = self._process.communicate(timeout=HANGS_AFTER)
        said = (self._said + stderr).decode()
        return Result(self._process.returncode, (stdout or b"").decode(), said)


@dataclass(frozen=True)
class DemoCompany(Desk):
    """The company that `invoicepay demo` makes, with everybody logged in, each by settings of
    their own: `company.as_("finance").run("sync")`. By itself it is the customer's contact."""

    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By role."""

    def as_(self, who: str) -> DemoCompany:
        """`customer` (dana, for C-1007), `payables` (for C-1002, C-1005 and C-1012, USD and EUR),
        `finance` or `admin`."""
        config = "invoicepay.toml" if who == "customer" else f"{who}.toml"
        return replace(self, variables={**self.variables, "INVOICEPAY_CONFIG": config})

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def sandbox(self) -> Path:
        return self.folder / "ledger.db.sandbox"

    @property
    def mail(self) -> list[Path]:
        """The e-mails that were sent, oldest first."""
        return sorted((self.folder / "outbox").glob("*.eml"))

    @property
    def session(self) -> Path:
        """The file with the customer's session, as `login --insecure-storage` leaves it."""
        (found,) = self.folder.glob("*.secret")
        return found

    def method(self, label: str) -> str:
        """The id of the payment method with this label."""
        methods = self.run("methods list --json").json
        return next(str(m["id"]) for m in methods if m["label"] == label)

    def log_in(self, who: str) -> None:
        """Again, as after a restore; `customer`, `finance` or `admin`."""
        email = EMAILS[who]
        login = f"login --email {email} --password-stdin --insecure-storage"
        done = self.as_(who).run(login, self.passwords[who])
        assert done.exit_code == 0, done

    def edit(self, *statements: str) -> None:
        """Change the ledger behind the program's back."""
        with closing(sqlite3.connect(self.ledger)) as ledger, ledger:
            for statement in statements:
                ledger.execute(statement)

    def edit_bank(self, *statements: str) -> None:
        """Change what the practice bank has."""
        with closing(sqlite3.connect(self.sandbox)) as bank, bank:
            for statement in statements:
                bank.execute(statement)

    def dump(self) -> str:
        """All that the ledger holds, but for sessions: reading notes that they are in use, and
        every write what its log builds upon."""
        passing = ('INSERT INTO "sessions"', 'INSERT INTO "write_ahead_log"')
        with closing(sqlite3.connect(self.ledger)) as ledger:
            return "\n".join(line for line in ledger.iterdump() if not line.startswith(passing))

    def copied_to(self, folder: Path) -> DemoCompany:
        shutil.copytree(self.folder, folder)
        home = folder.with_name("home")
        home.mkdir(exist_ok=True)
        return replace(self, folder=folder, home=home)


EMAILS = {
    "customer": "dana@harborfinch.example",
    "finance": "finance@tidewheel.example",
    "admin": "admin@tidewheel.example",
}
DECLINES = "A card that declines"
COMES_BACK = "A bank account whose debits come back"


def set_up_demo_company(root: Path) -> DemoCompany:
    """Run `invoicepay demo` and log everybody in."""
    home = root / "home"
    home.mkdir()
    made = Desk(root, home).run("demo --dir demo --json").json
    passwords = {login["role"]: login["password"] for login in made["logins"]}
    company = DemoCompany(root / "demo", home, {"INVOICEPAY_CONFIG": "invoicepay.toml"}, passwords)
    for who in ("finance", "admin", "payables"):
        (company.folder / f"{who}.toml").write_text(
            f'ledger = "ledger.db"\noutbox = "outbox"\nsecrets = "{who}"\n', "utf-8"
        )
    for who in ("finance", "admin"):
        company.log_in(who)
    invited = company.as_("finance").run("contacts invite group.payables@example.com --json").json
    answers = f"{invited['code']}\ncurious otters juggling\n"
    login = "login --invite --password-stdin --insecure-storage"
    assert company.as_("payables").run(login, answers).exit_code == 0
    return company


def _words(command: str | Sequence[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else list(command)
