"""The installed program without its start: a server has imported all of it, and forks for each run.

A run is a process of its own, with its own streams, folder, environment and end, as if it had been
started; it only skips what Python and its imports take, ten times what most commands take. Two
things are the server's: the fonts of plain documents, which are always the same, and the cost of a
password's hash, which is low. That the program starts, what it imports then, and what else it does
only while it starts, is tried by tests that start it.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryFile
from typing import IO, Any, NoReturn

import typer.main
import typer.utils

SEPARATELY = ("PYTHON", "LANG", "LC_", "LD_", "DYLD_", "OPENSSL_", "SSL_", "STRIPE_LOG")
"""What these variables say is heeded while a process starts or imports: forks have the server's."""
SERVERS = {"PATH": os.defpath, "LANG": "C.UTF-8"}
"""The environment that the server is started in."""
KEYRING = "PYTHON_KEYRING_BACKEND"  # read when a keyring is first needed
AROUND = str(Path(__file__).with_name("program_under_test"))
"""What PYTHONPATH may name all the same: a `sitecustomize` that changes no module of ours."""


def can_fork(environment: Mapping[str, str]) -> bool:
    """Whether a run in `environment` may skip its start."""
    return all(
        SERVERS.get(name) == value
        for name, value in environment.items()
        if name.startswith(SEPARATELY)
        and name != KEYRING
        and (name, value) != ("PYTHONPATH", AROUND)
    )


AGAIN_AFTER = 0.05
"""Seconds before the SDK's first retry."""
signature_of = functools.cache(typer.utils.get_params_from_function)
"""What typer reads of a command, read once."""


class Forks:
    """The server, seen from a test. Threads may run several commands at once."""

    def __init__(self, program: str) -> None:
        """`program`: what the runs have as sys.argv[0]."""
        self._program = program
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=SERVERS,
            )

    def run(
        self,
        words: Sequence[str],
        stdin: bytes,
        folder: str | os.PathLike[str],
        environment: Mapping[str, str],
        timeout: float,
        *,
        umask: int | None = None,
    ) -> tuple[int, bytes, bytes]:
        """The exit code (negative for a signal), and what was written to stdout and stderr.
        Raises TimeoutError after `timeout` seconds; the run has then been killed."""
        asked = {
            "argv": [self._program, *words],
            "folder": os.fspath(folder),
            "environment": dict(environment),
            "umask": umask,
        }
        ours, theirs = socket.socketpair()
        with (
            ours,
            ours.makefile("rw", encoding="utf-8") as lines,
            TemporaryFile() as given,
            TemporaryFile() as out,
            TemporaryFile() as err,
        ):
            given.write(stdin)
            given.seek(0)
            with theirs, self._lock:
                files = [theirs.fileno(), given.fileno(), out.fileno(), err.fileno()]
                socket.send_fds(self._control, [b"r"], files)
            lines.write(json.dumps(asked) + "\n")
            lines.flush()
            process = int(lines.readline())
            ours.settimeout(timeout)
            try:
                status = int(lines.readline())
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                raise
            return os.waitstatus_to_exitcode(status), _all_of(out), _all_of(err)

    def close(self) -> None:
        self._control.close()  # with which it ends
        self._server.wait()


def _all_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


# --- The server -------------------------------------------------------------------------------

USED = (
    f"{'_sha2' if sys.version_info >= (3, 12) else '_sha256'} argon2 csv difflib email.policy "
    "encodings.utf_16_be encodings.utf_32_be fpdf "
    "http.client http.server keyring mimetypes resource rich.console rich.panel rich.progress "
    "rich.table smtplib sqlite3 sqlite_utils stripe._payment_intent_service stripe._stripe_client "
    "stripe._payment_intent stripe._webhook stripe.v2.core._event tempfile tomllib traceback "
    "typer._click.decorators urllib.request webbrowser zipfile zoneinfo"
)
"""What the program imports only when it is needed."""


def serve(control: socket.socket) -> None:
    """Until the test's end of `control` is closed."""
    ended, ending = os.pipe()
    for end in (ended, ending):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(ending, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with whoever runs the tests
    runs: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), ended], [], [])
        if ended in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(ended, 1 << 16)
            _report_ended(runs)
        if control.fileno() in ready:
            _, files, _, _ = socket.recv_fds(control, 1, 4)
            if not files:
                return
            answer = socket.socket(fileno=files[0])
            with answer.makefile("r", encoding="utf-8") as lines:
                asked = json.loads(lines.readline())
            child = os.fork()
            if child == 0:
                for mine in (control, answer, *runs.values()):
                    mine.close()
                os.close(ended)
                _become(asked, files[1:])
            for file in files[1:]:
                os.close(file)
            answer.sendall(b"%d\n" % child)
            runs[child] = answer


def _report_ended(runs: dict[int, socket.socket]) -> None:
    while runs:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        with runs.pop(child) as answer, contextlib.suppress(BrokenPipeError):
            answer.sendall(b"%d\n" % status)


def _become(asked: dict[str, Any], streams: Sequence[int]) -> NoReturn:
    """The program, as Python's own start and end would have it."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(asked["environment"])
        time.tzset()
        os.chdir(asked["folder"])
        for number, file in enumerate(streams):
            os.dup2(file, number)
            os.close(file)
        if asked["umask"] is not None:
            os.umask(asked["umask"])
        sys.argv = asked["argv"]
        sys.stdin, sys.stdout = _stream(0, "r"), _stream(1, "w")
        sys.stderr = _stream(2, "w", errors="backslashreplace")
        if "PYTHONPATH" in os.environ:
            sys.path.insert(0, os.environ["PYTHONPATH"])
            sys.modules.pop("sitecustomize", None)
            importlib.import_module("sitecustomize")
        code = _exit_code(sys.modules["invoicepay.cli.main"].main)
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - a run never goes on as the server
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _exit_code(main: Any) -> int:
    try:
        main()
    except SystemExit as done:
        if done.code is None or isinstance(done.code, int):
            return done.code or 0
        sys.stderr.write(f"{done.code}\n")
        return 1
    return 0


def _stream(number: int, mode: str, errors: str = "surrogateescape") -> io.TextIOWrapper:
    """As it is where LANG says UTF-8."""
    stream = open(number, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
    assert isinstance(stream, io.TextIOWrapper)
    return stream


def _import_all() -> None:
    import invoicepay

    for module in walk_packages(invoicepay.__path__, "invoicepay."):
        importlib.import_module(module.name)
    for name in USED.split():
        importlib.import_module(name)
    _make_plain_fonts()
    _make_passwords_cheap()
    _make_waits_short()
    _read_signatures()
    gc.collect()
    gc.freeze()


def _make_plain_fonts() -> None:
    """Those of nearly every document: a run would make the same, in 0.2 s."""
    from invoicepay import documents
    from invoicepay.documents.fonts import Fonts, Needed, make_fonts

    plain = make_fonts(())

    def fonts_for(every: Iterable[Needed]) -> Fonts:
        every = tuple(every)
        return plain if all(map(plain.covers, every)) else make_fonts(every)

    documents.make_fonts = fonts_for  # type: ignore[attr-defined, assignment]


def _make_passwords_cheap() -> None:
    """Their hash takes longer than all the rest of a login; what it costs has tests of its own."""
    from invoicepay.credentials.passwords import Argon2Passwords

    cheap = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
    Argon2Passwords.__init__.__kwdefaults__ = cheap


def _make_waits_short() -> None:
    """For whoever has the ledger that is to be replaced, and before a request is sent again."""
    from stripe._http_client import HTTPClient

    from invoicepay.ledger import replace

    replace.WAIT = 1.0  # type: ignore[misc]
    HTTPClient.INITIAL_DELAY = AGAIN_AFTER


def _read_signatures() -> None:
    """Those of all commands, which typer would read in every run anew."""
    from invoicepay.cli.main import COMMANDS, command_module

    typer.main.get_params_from_function = signature_of  # type: ignore[attr-defined]
    for name in COMMANDS:
        typer.main.get_command(sys.modules[command_module(name)].app)


if __name__ == "__main__":
    _import_all()
    with socket.socket(fileno=int(sys.argv[1])) as from_tests:
        serve(from_tests)
