"""The entry point: finds the command, and is the only place where errors become messages and exit
codes."""

# No `from __future__ import annotations` where typer reads them: it evaluates text four times.
import errno
import gc
import importlib
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Optional, TextIO

import typer
from typer.core import TyperGroup

from invoicepay.billing.errors import InvoicepayError, Usage
from invoicepay.cli import complete
from invoicepay.cli.examples import examples_of
from invoicepay.cli.output import Format
from invoicepay.cli.state import State

COMMANDS: dict[str, str] = {
    "demo": "Set up a practice company and run the main job on it.",
    "login": "Log in, or accept an invite.",
    "logout": "Log out on this machine and in the ledger.",
    "whoami": "Show who is logged in.",
    "passwd": "Change your password.",
    "invoices": "Find, read and download invoices.",
    "pay": "Pay invoices in one charge.",
    "payments": "Find payments, their receipts, and cancel.",
    "methods": "Payment methods: list, choose the default, remove.",
    "customers": "Find customers.",
    "contacts": "Invite people, list and disable them.",
    "tokens": "Tokens for scripts.",
    "import": "Import customers, contacts, invoices and payments.",
    "sync": "Settle what is under way and send owed e-mail.",
    "mail": "E-mail about payments: list, send now, discard.",
    "init": "Make a ledger.",
    "company": "Show or change the company.",
    "config": "Show settings; store the gateway's key.",
    "doctor": "Check file, books, journal, gateway, keyring and outbox.",
    "audit": "The journal: list it, verify it, print its head.",
    "backup": "Copy the ledger while it is in use.",
    "restore": "Put a backup in the ledger's place, and confirm it.",
    "sandbox": "The practice bank: test methods, its clock, serve it.",
    "completion": "What makes bash, zsh or fish complete commands and numbers.",
}
"""Every command and what it is for. A command's module is `commands.<name>`, and is imported
only to run it or to show its own help."""


def command_module(name: str) -> str:
    """The full name of the module of a command; `import` is a word of Python's."""
    return f"invoicepay.cli.commands.{'import_' if name == 'import' else name}"


EMPTY_CLEARS = frozenset({"company"})
"""Commands whose options, given empty, take away what was there."""

EVERYWHERE = (
    "Anywhere: --format table|json|csv (--json), --bom (csv for spreadsheets), --config FILE, "
    "--ledger FILE, --debug."
)


class LazyGroup(TyperGroup):
    """Commands by name, each imported when it is used."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(command_module(cmd_name))
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        command.help = command.help or COMMANDS[cmd_name]
        for words, each in _with_children(command, cmd_name):
            each.epilog = "\n\n".join(filter(None, (examples_of(words), EVERYWHERE)))
            for parameter in each.params:
                if parameter.param_type_name == "option" and cmd_name not in EMPTY_CLEARS:
                    parameter.callback = parameter.callback or _refuse_empty
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except typer.TyperException as error:  # typer's own suggestions are of imported commands
            from difflib import get_close_matches

            if matches := get_close_matches(args[0], COMMANDS):
                names = " or ".join(f"'{name}'" for name in matches)
                error.message = f"No such command '{args[0]}'. Did you mean {names}?"
            raise

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _refuse_empty(context: Any, parameter: Any, value: Any) -> Any:
    """An empty option, as by an unset variable in a script, is refused, not taken as left out:
    without its --key a payment would be made twice."""
    if "" in (value, *(value if isinstance(value, list | tuple) else ())) and (
        context.get_parameter_source(parameter.name).name == "COMMANDLINE"
    ):
        name = max(parameter.opts, key=len)
        raise Usage("usage", f"{name} is empty", "Give it a value, or leave it out.")
    return value


def _with_children(command: Any, words: str) -> Iterator[tuple[str, Any]]:
    """With the name that people type for each."""
    yield words, command
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            yield from _with_children(child, f"{words} {name}")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"invoicepay {version('invoicepay')}")
        raise typer.Exit


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    format: Annotated[Format, typer.Option(help="How data is shown.")] = Format.TABLE,
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    config: Annotated[
        Optional[Path], typer.Option(metavar="FILE", help="Settings (INVOICEPAY_CONFIG).")  # noqa: UP045
    ] = None,
    ledger: Annotated[
        Optional[Path], typer.Option(metavar="FILE", help="Ledger (INVOICEPAY_LEDGER).")  # noqa: UP045
    ] = None,
    bom: Annotated[
        bool, typer.Option("--bom", help="CSV with a byte order mark, for spreadsheets.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Find, read and pay invoices from a terminal."""
    # For help only: `take_anywhere` has taken these from wherever they stood.


_TAKES_VALUE = ("--format", "--config", "--ledger")


def take_anywhere(arguments: Sequence[str]) -> tuple[State, list[str]]:
    """The options that may stand anywhere before `--`, and the other arguments."""
    state, rest, values = State(), [], iter(arguments)
    for argument in arguments:
        _check_text(argument)
    for argument in values:
        if argument == "--":
            rest += [argument, *values]
            break
        name, equals, value = argument.partition("=")
        if name in _TAKES_VALUE:
            given = value if equals else next(values, None)
            if given is None:
                raise Usage("usage", f"{name} needs a value")
            _set(state, name, given)
        elif argument == "--json":
            state.format = Format.JSON
        elif argument == "--debug":
            state.debug = True
        elif argument == "--bom":
            state.bom = True
        else:
            rest.append(argument)
    if state.bom and state.format is not Format.CSV:
        raise Usage("usage", "--bom is for spreadsheets", "Say --format csv, too.")
    return state, rest


def _check_text(argument: str) -> None:
    """Raises Usage for bytes that are no text, which neither ledger, gateway nor paths could
    take."""
    surrogates = not argument.isascii() and any("\ud800" <= c <= "\udfff" for c in argument)
    if surrogates or "\0" in argument:
        shown = argument.encode("utf-8", "replace").decode()
        raise Usage("usage", f"an argument is not UTF-8 text: '{shown}'")


def _set(state: State, name: str, value: str) -> None:
    if name == "--format":
        try:
            state.format = Format(value)
        except ValueError:
            raise Usage("usage", f"--format is table, json or csv, not '{value}'") from None
        return
    from invoicepay.settings import path_of

    if name == "--config":
        state.config = path_of(value)
    else:
        state.ledger = path_of(value)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code (see docs/exit-codes.md)."""
    _make_private()
    _make_streams_safe()
    try:
        _main(arguments)
    except KeyboardInterrupt:  # while it was telling how it ended
        sys.exit(130)
    finally:
        _give_up_unwritten()
        gc.freeze()  # the process ends: looking for garbage once more would take 10 ms


def _main(arguments: Sequence[str] | None) -> None:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if complete.VARIABLE in os.environ:
        complete.complete(typer.main.get_command(app))
    state = State(format=Format.JSON if "--json" in given or "json" in given else Format.TABLE)
    try:
        state, rest = take_anywhere(given)
        run(rest, state)
        sys.stdout.flush()
    except typer.Exit as done:
        sys.exit(done.exit_code)
    except InvoicepayError as error:
        sys.exit(_fail(state, error.exit_code, error.code, error.message, error.hint, error))
    except typer.TyperException as error:
        sys.exit(_usage(state, error))
    except (typer.Abort, KeyboardInterrupt) as stop:
        state.out.problem(
            "interrupted", str(stop) or "interrupted", "", payment=getattr(stop, "payment", "")
        )
        sys.exit(130)
    except BrokenPipeError:  # the reader has gone (`| head`)
        sys.exit(141)
    except Exception as error:  # noqa: BLE001 - the boundary
        if why := _stream_error(error):
            what = f"the answer cannot be written: {why}"
            sys.exit(_fail(state, 10, "write_failed", what, "Check the disk.", error))
        what = f"unexpected: {type(error).__name__}: {error}"
        hint = "--debug shows where. Report it; finance checks the books with `invoicepay doctor`."
        sys.exit(_fail(state, 1, "unexpected", what, hint, error))
    finally:
        state.close()


def _make_private() -> None:
    """Files and folders that this process makes are private (umask 077), what it starts (a viewer)
    gets no token, and a crash leaves no core file with its secrets."""
    os.umask(0o077)
    os.unsetenv("INVOICEPAY_TOKEN")  # os.environ, which we read, still has it
    os.environ.pop("STRIPE_LOG", None)  # the SDK would print whole answers to stderr
    try:
        import resource
    except ImportError:  # not on Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    # One byte: too few for a file, and what stops Linux from piping a core to a collector, which
    # a limit of 0 does not. See core(5).
    resource.setrlimit(resource.RLIMIT_CORE, (min(hard, 1) if hard >= 0 else 1, hard))


def _make_streams_safe() -> None:
    """No command may stop half way because a terminal lacks a character, or a stream is closed."""
    for name, mode, errors in (
        ("stdin", "r", "replace"),
        ("stdout", "w", "backslashreplace"),
        ("stderr", "w", "backslashreplace"),
    ):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 - until we exit
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def _stream_error(error: Exception) -> str:
    """Why an answer could not be written, where that is what went wrong: what is about a file
    names the file."""
    no_room = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)
    if isinstance(error, OSError) and error.errno in no_room and error.filename is None:
        return error.strerror or str(error)
    return ""


def _is_writable(stream: TextIO) -> bool:
    """Whether it takes what was written to it."""
    try:
        stream.flush()
    except OSError:
        return False
    return True


def _give_up_unwritten() -> None:
    """Drop what the streams do not take. Python would try again at exit, complain, and end with
    an exit code of its own."""
    for stream in (sys.stdout, sys.stderr):
        if not _is_writable(stream):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def run(arguments: list[str], state: State) -> None:
    """Like typer's own `main`, but with our exit codes."""
    command = typer.main.get_command(app)
    with command.make_context("invoicepay", arguments, obj=state) as context:
        command.invoke(context)


def _usage(state: State, error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message())
        return 0
    hint = f"See `{context.command_path} --help`." if context else ""
    return _fail(state, 2, "usage", error.format_message(), hint, error)


def _fail(
    state: State, exit_code: int, code: str, message: str, hint: str, error: BaseException
) -> int:
    if state.debug:
        import traceback

        from invoicepay.cli.text import clean_lines

        # Other people's messages are part of it, and an answer may repeat the key it was sent.
        shown = re.sub(
            r"[rs]k_(live|test)_[\w*]+", "(the key)", "".join(traceback.format_exception(error))
        )
        print(clean_lines(shown), end="", file=sys.stderr)
    payment = getattr(error, "payment", "")
    state.out.problem(code, message, hint, getattr(error, "problems", ()), payment=payment)
    if payment and getattr(error, "says_outcome", False):
        state.acknowledge(payment)
    return exit_code
