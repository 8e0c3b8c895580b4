"""The entry point: options that stand anywhere, errors, streams, and what is imported."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from invoicepay.billing.errors import InvoicepayError, Usage
from invoicepay.cli import main as cli
from invoicepay.cli import start
from invoicepay.cli.main import COMMANDS, command_module, main, take_anywhere
from invoicepay.cli.output import Format
from tests.world.program import PROGRAM, DemoCompany, Desk, heed_interrupts


@pytest.fixture(autouse=True)
def file_mode_mask() -> Iterator[None]:
    """As it was: `main` sets it for the whole process."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


class TestOptionsAnywhere:
    @pytest.mark.parametrize(
        "arguments",
        [
            "--format json invoices list",
            "invoices --format json list",
            "invoices list --format json",
            "invoices list --format=json",
            "--json invoices list",
            "invoices list --json",
            "invoices --format csv list --json",
        ],
    )
    def test_format(self, arguments: str) -> None:
        state, rest = take_anywhere(arguments.split())
        assert (state.format, rest) == (Format.JSON, ["invoices", "list"])

    def test_files_and_debug(self) -> None:
        state, rest = take_anywhere(
            ["pay", "--ledger", "a.db", "X", "--config=c.toml", "--debug", "--yes"]
        )
        assert (state.ledger, state.config, state.debug) == (Path("a.db"), Path("c.toml"), True)
        assert rest == ["pay", "X", "--yes"]

    def test_home_folders(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/home/dana")
        assert take_anywhere(["--ledger=~/a.db"])[0].ledger == Path("/home/dana/a.db")
        with pytest.raises(Usage, match="no home folder for ~nobody-here"):
            take_anywhere(["--ledger", "~nobody-here/a.db"])

    def test_what_follows_two_dashes_is_left_alone(self) -> None:
        state, rest = take_anywhere(["invoices", "show", "--", "--json", "--format"])
        assert (state.format, rest) == (
            Format.TABLE,
            ["invoices", "show", "--", "--json", "--format"],
        )

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["--format"], "--format needs a value"),
            (["--format", "xml"], "--format is table, json or csv, not 'xml'"),
            (["invoices", "--ledger"], "--ledger needs a value"),
            (["invoices", "show", "a\udcff"], r"an argument is not UTF-8 text: 'a\?'"),
            (["invoices", "show", "--", "a\udcff"], r"an argument is not UTF-8 text: 'a\?'"),
            (["--config", "\udcff"], "an argument is not UTF-8 text"),
        ],
    )
    def test_mistakes(self, arguments: list[str], says: str) -> None:
        with pytest.raises(Usage, match=says):
            take_anywhere(arguments)


class TestHelp:
    @pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
    def test_names_every_command(self, desk: Desk, arguments: list[str]) -> None:
        result = desk.run(arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        for command, purpose in COMMANDS.items():
            assert command in result.stdout
            assert purpose in result.stdout

    @pytest.mark.parametrize("command", COMMANDS)
    def test_of_each_command_names_the_options_that_stand_anywhere(
        self, command: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code in (0, None)
        assert "Anywhere: --format table|json|csv" in capsys.readouterr().out.replace("\n", " ")

    def test_version(self, desk: Desk) -> None:
        assert desk.run("--version").stdout.startswith("invoicepay 0.")

    def test_a_group_without_a_command_shows_its_own(self, desk: Desk) -> None:
        result = desk.run("invoices")
        assert result.exit_code == 0
        assert "Download invoices as PDF" in result.stdout


def imported(desk: Desk, command: str) -> set[str]:
    """The top-level packages, and our own modules, that a command has imported when it ends."""
    script = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('\\n'.join(sys.modules), file=sys.stderr))\n"
        "from invoicepay.cli.main import main\n"
        f"main({command.split()!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        cwd=desk.folder,
        env=desk.environment(),
        check=True,
    )
    return set(done.stderr.decode().split())


HEAVY = {
    "stripe", "requests", "urllib3", "fpdf", "fontTools", "keyring", "sqlite_utils", "pydantic",
    "rich", "argon2", "asyncio", "unittest", "xml",
}  # fmt: skip


class TestImports:
    @pytest.mark.parametrize(
        "command",
        [
            "invoices list",
            "invoices list --json",
            "invoices show INV-1042",
            "payments list --format csv",
            "methods list",
            "whoami",
            "pay INV-1042 --dry-run",
            "config show",
        ],
    )
    def test_reading_imports_nothing_heavy(self, company: DemoCompany, command: str) -> None:
        assert imported(company, command) & HEAVY == set()

    @pytest.mark.parametrize("command", ["invoices list", "customers list", "methods list"])
    def test_a_list_imports_nothing_that_only_writing_needs(
        self, company: DemoCompany, command: str
    ) -> None:
        company.run("whoami")  # a session that has rested is noted as used again, which writes
        # Their data classes alone are 6 ms.
        writing = {
            "invoicepay.billing.ports",
            "invoicepay.ledger.records",
            "invoicepay.system.files",
        }
        assert imported(company, command) & writing == set()

    @pytest.mark.parametrize(
        "command",
        ["whoami", "contacts list", "methods list", "company show", "payments list", "mail list"],
    )
    def test_whoever_looks_imports_nothing_of_how_money_moves_and_mail_is_sent(
        self, company: DemoCompany, command: str
    ) -> None:
        modules = imported(company.as_("finance"), command)
        assert "invoicepay.operations.app" in modules
        assert not [name for name in modules if ".protocol" in name or "deliver" in name]

    def test_help_imports_no_command(self, desk: Desk) -> None:
        modules = imported(desk, "--help")
        assert modules & HEAVY == set()
        assert not [name for name in modules if name.startswith("invoicepay.cli.commands.")]
        assert not [name for name in modules if name.startswith("invoicepay.operations")]

    def test_a_command_imports_no_other(self, company: DemoCompany) -> None:
        commands = {m for m in imported(company, "invoices list") if ".commands." in m}
        assert commands == {"invoicepay.cli.commands.invoices"}


class TestUnexpectedErrors:
    @pytest.fixture(autouse=True)
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def run(*_: object) -> None:
            raise RuntimeError("the sky\nfell\x1b[31m")

        monkeypatch.setattr(cli, "run", run)

    def test_are_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert ended(["whoami"]) == 1
        err = capsys.readouterr().err
        assert err.startswith(
            "invoicepay: unexpected: RuntimeError: the sky fell[31m. --debug shows where"
        )
        assert len(err.splitlines()) == 1

    def test_debug_shows_where(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert ended(["whoami", "--debug"]) == 1
        err = capsys.readouterr().err
        assert err.startswith("Traceback (most recent call last):")
        assert "in run" in err

    def test_are_an_object_in_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert ended(["whoami", "--json"]) == 1
        captured = capsys.readouterr()
        assert json.loads(captured.err)["error"]["code"] == "unexpected"
        assert captured.out == ""


def test_an_expected_error_shows_its_traceback_only_when_asked(company: DemoCompany) -> None:
    assert "Traceback" not in company.run("invoices show X").stderr
    asked = company.run("invoices show X --debug")
    assert asked.stderr.startswith("Traceback")
    assert asked.stderr.splitlines()[-1].startswith("invoicepay: no invoice X.")


def test_a_broken_money_rule_does_not_read_like_a_bad_disk(company: DemoCompany) -> None:
    company.edit(
        "CREATE TRIGGER broken BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'broken'); END"
    )
    before = company.dump()
    result = company.run("pay INV-1042 --yes --json")
    assert (result.exit_code, result.error["code"]) == (11, "books_differ")
    assert result.error["message"].endswith("refuses a change that breaks its rules: broken")
    assert company.dump() == before


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("pya INV-1042", "'pay'"), ("invoice list", "'invoices'"), ("invoices lst", "'list'")],
)
def test_a_mistyped_command_is_told_from_those_there_are(
    desk: Desk, typed: str, meant: str
) -> None:
    result = desk.run(typed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert meant in result.stderr
    assert result.stderr.count("\n") == 1
    assert "id you mean" not in desk.run("xyzzy").stderr


def commands_that_ask_for_secrets() -> list[str]:
    """Those that make a `Secrets`, told from their source."""
    asking = [
        name
        for name in COMMANDS
        if "Secrets(" in inspect.getsource(importlib.import_module(command_module(name)))
    ]
    return ["config stripe" if name == "config" else name for name in asking]


@pytest.mark.parametrize("command", commands_that_ask_for_secrets())
def test_a_secret_on_the_command_line_is_not_repeated(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    required = ["--company=A", "--admin-email=a@x.example"] if command == "init" else []
    assert ended([*command.split(), *required, "K7-SECRET", "--json"]) == 2
    said = capsys.readouterr()
    assert "SECRET" not in said.out + said.err
    assert f"Leave it out: `invoicepay {command}` asks." in said.err


class TestStart:
    def test_an_interrupt_while_it_is_imported_is_one_like_any_other(self) -> None:
        interrupting = (
            "import sys\n"
            "class Interrupt:\n"
            "    def find_spec(self, name, *rest):\n"
            "        if name == 'invoicepay.cli.main': raise KeyboardInterrupt\n"
            "sys.meta_path.insert(0, Interrupt())\n"
            "from invoicepay.cli.start import main\n"
            "main()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", interrupting], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (130, "")
        assert done.stderr == "invoicepay: interrupted.\n"

    def test_so_is_one_before_it_begins(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt() -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("invoicepay.cli.main._keep_to_ourselves", interrupt)
        with pytest.raises(SystemExit) as ended:
            start.main()
        assert ended.value.code == 130

    def test_an_interrupt_while_it_tells_an_error_is_one_too(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupt(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("invoicepay.cli.output.Output.problem", interrupt)
        assert ended(["no-such-command"]) == 130


class TestStreams:
    @pytest.mark.parametrize("options", ["", "--json", "--format csv"])
    def test_the_reader_may_go(self, company: DemoCompany, options: str) -> None:
        """`invoicepay invoices list --all | head -1` ends quietly."""
        command = f"{PROGRAM} invoices list --all --config finance.toml {options}"
        done = subprocess.run(
            ["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"],
            capture_output=True,
            cwd=company.folder,
            env=company.environment(),
            check=True,
        )
        assert done.stderr == b""
        assert done.stdout.splitlines()[-1] in (b"141", b"0")

    def test_a_reader_that_was_never_there(self, company: DemoCompany) -> None:
        read, write = os.pipe()
        os.close(read)
        try:
            done = subprocess.run(
                [PROGRAM, "invoices", "list"],
                stdout=write,
                stderr=subprocess.PIPE,
                cwd=company.folder,
                env=company.environment(),
                check=False,
            )
        finally:
            os.close(write)
        assert (done.returncode, done.stderr) == (141, b"")

    @pytest.mark.parametrize("stream", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    def test_closed_streams_stop_nothing(self, company: DemoCompany, stream: str) -> None:
        pay = f"{PROGRAM} pay INV-1042 --yes {stream}"
        done = subprocess.run(
            ["bash", "-c", pay],
            capture_output=True,
            cwd=company.folder,
            env=company.environment(),
            check=False,
        )
        assert done.returncode == 0
        assert company.run("invoices show INV-1042 --json").json["status"] == "paid"

    def test_a_terminal_that_lacks_a_character_stops_nothing(self, company: DemoCompany) -> None:
        result = company.run("pay INV-1042 --method ach --yes", PYTHONIOENCODING="ascii")
        assert result.exit_code == 0
        assert r"Payment initiated \u2013 the bank debit" in result.stdout
        assert r"SANDBOX \u2013 no money moved" in result.stderr

    def test_data_is_the_same_in_every_locale(self, company: DemoCompany) -> None:
        company.edit("UPDATE customers SET name = '株式会社 – Łódź' WHERE number = 'C-1007'")
        for format in ("json", "csv"):
            command = f"customers list --format {format}"
            plain, elsewhere = (
                company.run(command, PYTHONIOENCODING=encoding) for encoding in ("utf-8", "cp1252")
            )
            assert "株式会社 – Łódź" in plain.stdout
            assert elsewhere.stdout == plain.stdout

    def test_a_spreadsheet_gets_a_byte_order_mark(self, company: DemoCompany) -> None:
        plain = company.run("customers list --format csv").stdout
        assert company.run("customers list --bom --format csv").stdout == "\ufeff" + plain
        for options in ("", "--json"):
            refused = company.run(f"customers list --bom {options}")
            assert (refused.exit_code, refused.stdout) == (2, "")
            assert "--format csv" in refused.stderr

    def test_nor_does_it_matter_to_what_went_wrong(self, company: DemoCompany) -> None:
        """The exit code is the command's own where there was nobody to read its answer."""
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as stdout:
            done = subprocess.run(
                [PROGRAM, "invoices", "show", "INV-9999"],
                stdout=stdout,
                stderr=subprocess.PIPE,
                cwd=company.folder,
                env=company.environment(),
                check=False,
            )
        assert (done.returncode, len(done.stderr.splitlines())) == (5, 1)

    def test_a_full_disk_is_not_a_success(self, company: DemoCompany) -> None:
        full = Path("/dev/full")
        if not full.exists():
            pytest.skip("this system has no /dev/full")
        with full.open("wb") as stdout:
            done = subprocess.run(
                [PROGRAM, "invoices", "list"],
                stdout=stdout,
                stderr=subprocess.PIPE,
                cwd=company.folder,
                env=company.environment(),
                check=False,
            )
        assert done.returncode == 10
        (line,) = done.stderr.decode().splitlines()
        assert "No space left on device" in line

    def test_bytes_that_are_no_text_on_stdin(self, company: DemoCompany) -> None:
        login = "login --email dana@harborfinch.example --password-stdin --json"
        done = subprocess.run(
            [PROGRAM, *login.split()],
            input=b"\xff\xfe\n",
            capture_output=True,
            cwd=company.folder,
            env=company.environment(),
            check=False,
        )
        assert json.loads(done.stderr)["error"]["code"] == "login_failed"


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupting_a_server_ends_it_with_130_and_its_key_is_gone(
    company: DemoCompany, signal_: signal.Signals
) -> None:
    process = subprocess.Popen(
        [PROGRAM, "sandbox", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=company.folder,
        env=company.environment(),
        preexec_fn=heed_interrupts,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"http://127.0.0.1:")
        (key,) = Path(company.folder).glob("*.key")
        process.send_signal(signal_)
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert stderr.endswith(b".key.\ninvoicepay: interrupted.\n")
    assert not key.exists()


def ended(arguments: list[str]) -> int | str | None:
    """The exit code of `main`."""
    with pytest.raises(SystemExit) as exit:
        main(arguments)
    return exit.value.code


def test_a_family_refuses_a_code_that_is_not_its_own() -> None:
    with pytest.raises(AssertionError, match="Usage has no code 'not_found'"):
        Usage("not_found", "no invoice")
    assert issubclass(Usage, InvoicepayError)
