"""What cannot come to a login is said before anybody types a password for it."""

from __future__ import annotations

import pytest

from tests.world.program import DemoCompany, Desk

INVITE = "contacts invite new.person@example.com --customer C-1001 --json"
BAD = "this code is not valid, was used already, or has expired"


def code_of(company: DemoCompany) -> str:
    return str(company.as_("finance").run(INVITE).json["code"])


@pytest.mark.parametrize("way", ["wrong", "of another", "spent"])
def test_a_code_is_checked_before_a_password_is_chosen(company: DemoCompany, way: str) -> None:
    code, command = code_of(company), "login --invite --insecure-storage"
    if way == "of another":
        command += " --email somebody.else@example.com"
    if way == "spent":
        spend = f"{code}\nthree yellow umbrellas\n"
        assert company.run(f"{command} --password-stdin", spend).exit_code == 0

    with company.at_terminal(command) as asked:
        asked.wait_for("Code: ")
        asked.say("0000-0000-0000-0000" if way == "wrong" else code)
        result = asked.end()

    assert result.exit_code == 4
    assert BAD in result.stderr
    assert "New password" not in result.stderr


@pytest.mark.parametrize("command", ["login --invite", "login --email dana@harborfinch.example"])
def test_where_the_session_would_be_kept_is_looked_at_first(
    company: DemoCompany, command: str
) -> None:
    """Without a keyring here; and with a folder that others may change, for a file."""
    code = code_of(company)
    with company.at_terminal(command) as asked:
        without = asked.end()
    assert (without.exit_code, without.stderr.count(": ")) == (10, 1)
    assert "this machine has no keyring" in without.stderr

    company.folder.chmod(0o777)
    with company.at_terminal(f"{command} --insecure-storage") as asked:
        open_to_others = asked.end()
    company.folder.chmod(0o700)
    assert open_to_others.exit_code == 7
    assert "others can change" in open_to_others.stderr
    assert "assword: " not in open_to_others.stderr

    # And the code is good still.
    typed = f"{code}\nthree yellow umbrellas\n"
    redeem = "login --invite --insecure-storage --password-stdin"
    assert company.run(redeem, typed).exit_code == 0


def test_a_folder_that_cannot_be_written_is_no_place(company: DemoCompany) -> None:
    code = code_of(company)
    elsewhere = Desk(company.folder, company.home, dict(company.variables))
    text = (company.folder / "invoicepay.toml").read_text()
    (company.folder / "other.toml").write_text(text + '\nsecrets = "ledger.db/secrets"\n')

    result = elsewhere.run(
        "login --invite --insecure-storage --password-stdin --json --config other.toml",
        f"{code}\nthree yellow umbrellas\n",
    )

    assert (result.exit_code, result.error["code"]) == (10, "write_failed")
    assert company.as_("finance").run("contacts list --json").json[-1]["status"] == "invited"
