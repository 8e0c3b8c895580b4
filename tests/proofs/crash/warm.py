"""A server of warm processes: it has imported the whole program, and forks for each command.

    python -m tests.proofs.crash.warm SOCKET

Each connection gets a process of its own. A line of JSON asks it for one run of the real command
line in yet another process (see `Asked`), a line of JSON answers. Forking takes a hundredth of
what starting Python takes, so a command can be killed at every one of its steps.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import tempfile
import traceback
from datetime import UTC, datetime, timedelta
from typing import IO, Any, TypedDict

from invoicepay.cli import main as cli
from invoicepay.credentials.passwords import Argon2Passwords
from invoicepay.ledger import file as ledger_file
from invoicepay.wiring.practice_bank import SandboxClock
from tests.proofs.crash.kill_at import dies_at, watch
from tests.proofs.crash.shim import Shim, loaded

WARM = (
    *map(cli.command_module, cli.COMMANDS),
    *"cli.show.payments cli.records cli.downloads cli.prompts cli.progress".split(),
    *"gateway.stripe_gateway documents mail.folder credentials.passwords".split(),
    *"credentials.ids credentials.keyring_store ledger.migrations ledger.replace".split(),
    *(f"ledger.stores.{n}" for n in "books contacts customers invoices journal".split()),
    *(f"ledger.stores.{n}" for n in "loading methods outbox payments restores sessions".split()),
    *(f"operations.payments.{n}" for n in "sync quote pay".split()),
    *"operations.mailing.deliver operations.books.backup operations.books.restore".split(),
    "operations.imports.import_records",
    *"sandbox.server sandbox.settlement".split(),
)


class Asked(TypedDict, total=False):
    """What a run is asked for. Without more it is the command, as a person runs it."""

    command: list[str]
    folder: str
    environment: dict[str, str]
    stdin: str
    serve: bool
    """stdout goes to whoever asked, as it comes; the first line is the process's id."""
    ahead: float
    """Seconds by which its clocks are ahead."""
    pragmas: list[str]
    """Run on each connection to the ledger, after its own."""
    events: int | str
    """Count the steps (kill_at.py) and die at this one (number or name); -1: at none."""
    fault: list[Any]
    """Shim.plan's arguments."""
    kill_after: float
    """Seconds after which the process is killed, if it is still there."""
    kill_with: int
    """With which signal; SIGKILL where it does not say."""


def serve(path: str) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the connections' processes
    print("ready", flush=True)
    parent = os.getppid()
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready or os.getppid() != parent:
            return  # whoever started this has gone
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 0)
            os.dup2(nothing, 1)  # or whoever reads the server's stdout waits for this process too
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            answer_all(connection)
            os._exit(0)
        connection.close()


def answer_all(connection: socket.socket) -> None:
    shim = Shim() if loaded() else None
    with connection, connection.makefile("rw") as lines:
        for line in lines:
            asked: Asked = json.loads(line)
            reply = run(asked, shim, connection)
            lines.write(json.dumps(reply) + "\n")
            lines.flush()


def run(asked: Asked, shim: Shim | None, connection: socket.socket) -> dict[str, Any]:
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
        tempfile.TemporaryFile() as events,
    ):
        stdin.write(asked.get("stdin", "").encode())
        stdin.seek(0)
        life, ends = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(life)
            if asked.get("serve"):
                connection.sendall(f"{os.getpid()}\n".encode())
            out = connection.fileno() if asked.get("serve") else stdout.fileno()
            for number, source in enumerate((stdin.fileno(), out, stderr.fileno())):
                os.dup2(source, number)
            become(asked, shim, events.fileno())
        os.close(ends)
        if "kill_after" in asked and not select.select([life], [], [], asked["kill_after"])[0]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, asked.get("kill_with", signal.SIGKILL))
        _, status = os.waitpid(child, 0)
        os.close(life)
        return {
            "exit_code": os.waitstatus_to_exitcode(status),
            "stdout": _text(stdout),
            "stderr": _text(stderr),
            "events": _text(events).splitlines(),
            "calls": shim.calls if shim and "fault" in asked else 0,
        }


def become(asked: Asked, shim: Shim | None, log: int) -> None:
    """In the child: the program, with nothing of this environment. Does not return."""
    code = 1
    try:
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.chdir(asked["folder"])
        if ahead := asked.get("ahead"):
            _set_clocks(timedelta(seconds=ahead))
        if pragmas := asked.get("pragmas"):
            ledger_file._connect = _with(pragmas, ledger_file._connect)
        if "events" in asked:
            watch(dies_at(asked["events"], log))
        if "fault" in asked:
            assert shim, "it was started without the shim"
            shim.plan(*asked["fault"])
        cli.main(asked["command"])
        code = 0
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 1
    except BaseException:  # noqa: BLE001 - a child never goes on as the server
        traceback.print_exc()
    finally:
        # The program has closed what it opened.
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _set_clocks(ahead: timedelta) -> None:
    now = SandboxClock.now
    SandboxClock.now = lambda self: now(self) + ahead  # type: ignore[method-assign]
    SandboxClock.real_now = lambda self: datetime.now(UTC) + ahead  # type: ignore[method-assign]


def _with(pragmas: list[str], connect: Any) -> Any:
    def connect_and_set(path: Any) -> Any:
        connection = connect(path)
        for pragma in pragmas:
            connection.execute(pragma)
        return connection

    return connect_and_set


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


if __name__ == "__main__":
    for name in WARM:
        importlib.import_module(name if name.startswith("invoicepay.") else f"invoicepay.{name}")
    # Hashing takes longer than all the rest, and has nothing to do with crashes.
    cheap = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
    Argon2Passwords.__init__.__kwdefaults__ = cheap
    gc.collect()
    gc.freeze()
    serve(sys.argv[1])
