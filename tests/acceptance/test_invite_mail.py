"""`contacts invite --mail`: the code goes to the contact over SMTP, and stays nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.test_mail import Server, office, server
from tests.world.program import Desk

__all__ = ["office", "server"]
Office = Callable[..., Desk]
CODE = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}")
INVITE = "contacts invite dana@one.example --customer C-1 --mail"
FROM = ("--company-email", "billing@lantern.example")


def test_the_code_is_mailed_and_logs_the_contact_in(office: Office, server: Server) -> None:
    desk = office(*FROM)

    invited = desk.run([*INVITE.split(), "--name", "Dana\u202e <b>Wren</b>", "--json"])
    assert invited.exit_code == 8  # what is not seen is no part of a name
    invited = desk.run([*INVITE.split(), "--name", "Dana <b>Wren</b>", "--json"])

    assert (invited.json["mailed"], invited.json["code"]) == (True, "")
    ((to, message),) = server.received
    parts: list[Any] = [part for part in message.walk() if not part.is_multipart()]
    text, html = (part.get_content() for part in parts)
    assert (to, message["From"]) == ("dana@one.example", "Lantern <billing@lantern.example>")
    (code,) = set(CODE.findall(text))
    assert CODE.findall(html) == [code]
    assert "<b>Wren" in text
    assert "<b>Wren" not in html
    assert "invoicepay login --invite" in text
    assert code not in str(message["Subject"]) + str(message["Message-ID"])
    redeem = "login --invite --password-stdin --insecure-storage"
    typed = f"{code}\nthree yellow umbrellas\n"
    assert desk.run(redeem, typed).stdout == "Logged in as dana@one.example.\n"


def test_the_code_is_nowhere_but_in_the_mail(office: Office, server: Server) -> None:
    desk = office(*FROM)

    shown = desk.run(INVITE)

    assert shown.stdout == "The code is on its way to dana@one.example.\n"
    text = server.received[0][1].as_string()
    (code,) = set(CODE.findall(text))
    assert code not in shown.stderr
    assert desk.run("mail list --all --json").json == []
    assert code not in desk.run("audit list --json").stdout
    for file in desk.folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert code.encode() not in content
            assert code.replace("-", "").encode() not in content


@pytest.mark.parametrize("why", ["refused", "unknown", "nobody listens", "no sender"])
def test_a_code_that_is_not_mailed_is_shown(
    office: Office, server: Server, why: str, desk: Desk
) -> None:
    there = office(*(() if why == "no sender" else FROM))
    says = "the company has no e-mail address to send from"
    if why == "refused":
        server.says, says = "451 4.3.0 later", "refused: 451 4.3.0 later"
    if why == "unknown":
        server.unknown, says = "dana@one.example", "refused the recipient: 550 5.1.1 no such user"
    if why == "nobody listens":
        config = there.folder / "config.toml"
        config.write_text(config.read_text().replace(f"port = {server.port}", "port = 1"))
        says = "cannot be reached"

    invited = there.run(INVITE)

    assert invited.exit_code == 9
    assert "dana@one.example is invited, but the code was not mailed: " in invited.stderr
    assert says in invited.stderr
    assert "Give them the code above yourself." in invited.stderr
    code = invited.stdout.strip()
    assert CODE.fullmatch(code)
    assert server.received == []
    typed = f"{code}\nthree yellow umbrellas\n"
    assert there.run("login --invite --password-stdin --insecure-storage", typed).exit_code == 0


def test_a_lost_password_is_spoken_of_as_one(office: Office, server: Server) -> None:
    desk = office(*FROM)
    code = desk.run("contacts invite dana@one.example --customer C-1").stdout
    (desk.folder / "danas.toml").write_text('ledger = "ledger.db"\nsecrets = "dana"\n')
    redeem = "login --invite --password-stdin --insecure-storage --config danas.toml"
    assert desk.run(redeem, f"{code}three yellow umbrellas\n").exit_code == 0

    assert desk.run("contacts invite dana@one.example --mail --json").json["reset"] is True

    ((_, message),) = server.received
    assert message["Subject"] == "SANDBOX – no money moved: A new password for Lantern"
    assert "choose a new password" in message.as_string().replace("=\n", "").replace("\n", " ")
