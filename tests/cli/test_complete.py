"""What shells offer to complete."""

from __future__ import annotations

import subprocess

import pytest

from tests.world.program import PROGRAM, DemoCompany, Desk

OPEN = ["INV-1042", "INV-1051", "INV-1060", "INV-1063", "INV-1067"]


def offered(desk: Desk, words: str, shell: str = "bash", **more: str) -> list[str]:
    """By the protocol of the script that `completion` prints."""
    given = words.split(" ")
    asked = {
        "bash": {"COMP_WORDS": words, "COMP_CWORD": str(len(given) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": words},
        "fish": {"_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    result = desk.run([], _INVOICEPAY_COMPLETE=f"complete_{shell}", **asked, **more)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("invoicepay pa", ["passwd", "pay", "payments"]),
        ("invoicepay invoices s", ["show"]),
        ("invoicepay pay --exp", ["--expect-total"]),
        ("invoicepay pay INV-10", OPEN),
        ("invoicepay pay INV-1042 INV-106", ["INV-1060", "INV-1063", "INV-1067"]),
        ("invoicepay invoices show INV-105", ["INV-1051", "INV-1056"]),
        ("invoicepay pay INV-1042 --method ac", ["ach", "ach-2227-", "ach-6789-"]),
        ("invoicepay methods remove card-0", ["card-0341-"]),
        ("invoicepay invoices list --customer C", ["C-1007"]),
        ("invoicepay completion ", ["bash", "zsh", "fish"]),
        ("invoicepay invoices show nothing-", []),
    ],
)
def test_it_knows_commands_options_and_what_there_is(
    company: DemoCompany, words: str, expected: list[str]
) -> None:
    found = offered(company, words)
    assert len(found) == len(expected)
    for each in expected:
        assert any(name.startswith(each) for name in found), found


def test_payments_are_offered_by_id(company: DemoCompany) -> None:
    payments = [payment["id"] for payment in company.run("payments list --json").json]
    assert offered(company, "invoicepay payments receipt ") == payments


def test_whoever_is_not_logged_in_is_offered_no_names(company: DemoCompany, desk: Desk) -> None:
    assert offered(desk, "invoicepay pay INV-") == []
    company.session.unlink()
    assert offered(company, "invoicepay pay INV-") == []
    assert offered(company, "invoicepay pay INV-1042 --method ac") == ["ach"]


def test_nothing_is_offered_that_a_shell_could_run(company: DemoCompany) -> None:
    """Their scripts evaluate what they are told."""
    for at, evil in enumerate(("$(touch x)", "`touch x`", "a;touch", "-x", 'a"b', "a b")):
        company.edit(f"UPDATE invoices SET number = '{evil}' WHERE number = '{OPEN[at % 4]}'")
        for shell in ("bash", "zsh", "fish"):
            assert evil not in " ".join(offered(company, "invoicepay pay ", shell))
        company.edit(f"UPDATE invoices SET number = '{OPEN[at % 4]}' WHERE number = '{evil}'")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_told_the_same(company: DemoCompany, shell: str) -> None:
    said = " ".join(offered(company, "invoicepay pay INV-106", shell))
    for number in OPEN[2:]:
        assert number in said


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_there_is_a_script_for_each_shell(desk: Desk, shell: str) -> None:
    assert f"_INVOICEPAY_COMPLETE=complete_{shell}" in desk.run(f"completion {shell}").stdout


def test_bash_completes_with_the_script(company: DemoCompany) -> None:
    asking = (
        f"PATH={PROGRAM.parent}:$PATH; source <(invoicepay completion bash); "
        "COMP_WORDS=(invoicepay pay INV-106); COMP_CWORD=2; _invoicepay_completion invoicepay; "
        'echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", asking],
        capture_output=True,
        text=True,
        cwd=company.folder,
        env=company.environment(),
        check=True,
    )
    assert done.stdout.split() == OPEN[2:]
