"""E-mail as a company would have it: over SMTP, to a server on this machine."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Callable, Iterator
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.world.ports import free_port
from tests.world.program import Desk
from tests.world.slow_smtp import DRIPS, SlowServer

PASSWORD = "nine quiet harbours"
INIT = "init --company Lantern --admin-email owner@lantern.example"


class Server:
    """`says`: the answer to each message. Whoever is in `unknown` is no recipient."""

    def __init__(self) -> None:
        self.port, self.says, self.unknown = free_port(), "250 OK", ""
        self.received: list[tuple[str, Message]] = []

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address == self.unknown:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.says.startswith("250"):
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.received.append((envelope.rcpt_tos[0], message))
        return self.says


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    yield server
    controller.stop()


@pytest.fixture
def office(desk: Desk, server: Server) -> Callable[..., Desk]:
    """A sandbox ledger whose e-mail goes to `server`. Its admin is logged in; a customer, who has
    an address for news, owes A-1 and has a card. Words are further options of `init`."""

    def office(*options: str) -> Desk:
        (desk.folder / "config.toml").write_text(
            'ledger = "ledger.db"\n[smtp]\nhost = "127.0.0.1"\nsecurity = "none"\n'
            f"port = {server.port}\n"
        )
        there = Desk(desk.folder, desk.home, {"INVOICEPAY_CONFIG": "config.toml"})
        files = {
            "customers": "number,name,email\nC-1,One,accounts@one.example\n",
            "invoices": "number,customer,issued_on,total,currency\nA-1,C-1,2026-10-01,10.00,USD\n",
        }
        assert there.run([*INIT.split(), "--password-stdin", *options], PASSWORD).exit_code == 0
        login = "login --email owner@lantern.example --password-stdin --insecure-storage"
        assert there.run(login, PASSWORD).exit_code == 0
        for kind, content in files.items():
            (desk.folder / f"{kind}.csv").write_text(content)
            assert there.run(f"import {kind} {kind}.csv").exit_code == 0
        assert there.run("sandbox attach pm_card_visa --customer C-1").exit_code == 0
        return there

    return office


def outbox(desk: Desk) -> tuple[bool, str, str]:
    """Whether `doctor` finds it well, what it found, and what it says to do."""
    result = desk.run("doctor --json")
    check = next(c for c in json.loads(result.stdout) if c["name"] == "outbox")
    assert result.exit_code == (0 if check["ok"] else 9), result
    return check["ok"], check["detail"], check["hint"]


def test_a_payment_is_told_to_who_paid_and_to_the_customer(
    office: Callable[..., Desk], server: Server
) -> None:
    desk = office("--company-email", "billing@lantern.example")
    assert desk.run("pay A-1 --yes").exit_code == 0
    assert desk.run("sync").exit_code == 0
    assert [to for to, _ in server.received] == ["owner@lantern.example", "accounts@one.example"]
    assert {m["From"] for _, m in server.received} == {"Lantern <billing@lantern.example>"}
    assert outbox(desk)[0]


def test_a_company_without_an_address_is_found_and_mended(
    office: Callable[..., Desk], server: Server
) -> None:
    desk = office()
    missing = "the company has no e-mail address to send from"

    assert outbox(desk)[:2] == (False, f"0 e-mail(s) waiting; none can be sent: {missing}")
    assert desk.run("pay A-1 --yes").exit_code == 0  # money moves whether or not e-mail does
    ok, found, hint = outbox(desk)
    assert (ok, missing in found) == (False, True)
    assert "2 e-mail(s) waiting, 2 of them failing" in found
    synced = desk.run("sync --json")
    assert (synced.exit_code, f"2 e-mail(s) not sent: {missing}" in synced.stdout) == (9, True)
    assert [m["last_error"] for m in desk.run("mail list --json").json] == [missing] * 2

    assert "`invoicepay company set --email ADDRESS`" in hint
    assert desk.run("company set --email billing@lantern.example").exit_code == 0
    assert "`invoicepay mail send --now`" in hint
    assert desk.run("mail send --now").exit_code == 0
    assert len(server.received) == 2
    assert outbox(desk)[0]
    assert desk.run("sync").exit_code == 0


def test_the_settings_may_have_an_address_instead(
    office: Callable[..., Desk], server: Server
) -> None:
    desk = office()
    with (desk.folder / "config.toml").open("a") as config:
        config.write('sender = "noreply@lantern.example"\n')
    assert outbox(desk)[0]
    assert desk.run("pay A-1 --yes").exit_code == 0
    assert len(server.received) == 2


def test_a_server_that_refuses_is_named_until_it_takes_them(
    office: Callable[..., Desk], server: Server
) -> None:
    desk = office("--company-email", "billing@lantern.example")
    server.says = "451 4.3.0 later"
    assert desk.run("pay A-1 --yes").exit_code == 0
    reason = f"127.0.0.1:{server.port} refused: 451 4.3.0 later"
    assert outbox(desk)[:2] == (
        False,
        f"2 e-mail(s) waiting, 2 of them failing: {reason}",
    )
    for _ in range(2):  # also while it is not due
        assert desk.run("sync").exit_code == 9
    server.says = "250 OK"
    assert desk.run("mail send --now").exit_code == 0
    assert outbox(desk)[0]


def test_a_mailbox_that_is_gone_is_given_up(office: Callable[..., Desk], server: Server) -> None:
    desk = office("--company-email", "billing@lantern.example")
    server.unknown = "accounts@one.example"
    assert desk.run("pay A-1 --yes").exit_code == 0
    assert desk.run("mail send --now").exit_code == 9
    ok, found, hint = outbox(desk)
    assert not ok
    assert "refused the recipient: 550 5.1.1 no such user" in found
    assert "`invoicepay mail discard ID`" in hint
    shown = desk.run("mail list").stdout.splitlines()[1].split()[0]
    assert desk.run(["mail", "discard", shown]).exit_code == 0
    assert outbox(desk)[0]
    assert [to for to, _ in server.received] == ["owner@lantern.example"]


@pytest.mark.middle  # it waits for eight seconds
def test_a_mail_server_that_drips_does_not_hold_a_payer(
    office: Callable[..., Desk], server: Server
) -> None:
    """For hours, it would: a byte of its greeting at a time."""
    desk = office("--company-email", "billing@lantern.example")
    with SlowServer("greeting", DRIPS["a line without an end"]) as slow:
        config = desk.folder / "config.toml"
        config.write_text(config.read_text().replace(str(server.port), str(slow.port)))
        paid = desk.run("pay A-1 --yes --json")
        assert paid.json["status"] == "succeeded"
        mails = desk.run("mail list --json").json
    assert [(m["status"], m["attempts"]) for m in mails] == [("waiting", 0), ("failing", 1)]
    assert "seconds; it stopped at the greeting" in mails[1]["last_error"]

    config.write_text(config.read_text().replace(str(slow.port), str(server.port)))
    assert desk.run("mail send --now").exit_code == 0
    assert len(server.received) == 2


# --- init ---


def test_init_asks_for_the_companys_address(desk: Desk) -> None:
    with desk.at_terminal(f"{INIT} --ledger new.db --json") as asked:
        asked.wait_for("E-mail address of the company")
        asked.say("Billing@lantern.example")
        for question in ("Password for owner@lantern.example: ", "again: "):
            asked.wait_for(question)
            asked.say(PASSWORD)
        assert asked.end().json["company_email"] == "billing@lantern.example"


def test_it_may_be_left_empty_and_that_is_said(desk: Desk) -> None:
    with desk.at_terminal(f"{INIT} --ledger new.db") as asked:
        asked.wait_for("E-mail address of the company")
        asked.say("")
        for question in ("Password for owner@lantern.example: ", "again: "):
            asked.wait_for(question)
            asked.say(PASSWORD)
        ended = asked.end()
    assert ended.exit_code == 0
    assert "invoicepay company set --email ADDRESS" in ended.stderr


def test_whoever_says_it_is_not_asked(desk: Desk) -> None:
    command = f"{INIT} --ledger new.db --company-email billing@lantern.example"
    with desk.at_terminal(command) as asked:
        asked.wait_for("Password for owner@lantern.example: ")
        asked.say(PASSWORD)
        asked.wait_for("again: ")
        asked.say(PASSWORD)
        ended = asked.end()
    assert ended.exit_code == 0
    assert "E-mail address" not in ended.stderr


def test_addresses_in_domains_of_other_letters_than_ascii(
    office: Callable[..., Desk], server: Server
) -> None:
    """The company's, its server's sender, and the customer's: sent as ASCII, read in both forms."""
    desk = office("--company-email", "info@müller.example")
    config = desk.folder / "config.toml"
    config.write_text(config.read_text() + 'sender = "Rechnung@müller.example"\n', "utf-8")
    (desk.folder / "two.csv").write_text(
        "number,name,email\nC-1,One,einkauf@käufer.example; office@one.example\n", "utf-8"
    )
    assert desk.run("import customers two.csv --update").exit_code == 0

    paid = desk.run("pay A-1 --yes")
    assert "einkauf@käufer.example (xn--kufer-gra.example), office@one.example" in paid.stderr
    assert [to for to, _ in server.received] == [
        "owner@lantern.example",
        "einkauf@xn--kufer-gra.example",
        "office@one.example",
    ]
    for to, message in server.received:
        assert message["To"] == to
        assert message["From"] == "Lantern <Rechnung@xn--mller-kva.example>"
        assert message["Reply-To"] == "info@xn--mller-kva.example"
        body = message.get_body(("plain",))  # type: ignore[attr-defined]
        assert "contact info@müller.example (xn--mller-kva.example)." in body.get_content()
    assert outbox(desk)[0]
    shown = desk.run("customers show C-1")
    assert "einkauf@käufer.example (xn--kufer-gra.example); office@one.example" in shown.stdout
    assert desk.run("customers show C-1 --json").json["emails"] == [
        "einkauf@xn--kufer-gra.example",
        "office@one.example",
    ]


def test_an_address_that_the_server_refuses_is_the_only_one_not_told(
    office: Callable[..., Desk], server: Server
) -> None:
    desk = office("--company-email", "billing@lantern.example")
    (desk.folder / "two.csv").write_text(
        "number,name,email\nC-1,One,gone@one.example; office@one.example\n"
    )
    assert desk.run("import customers two.csv --update").exit_code == 0
    server.unknown = "gone@one.example"

    assert desk.run("pay A-1 --yes").exit_code == 0
    (failing,) = desk.run("mail list --json").json
    assert (failing["to"], failing["status"]) == ("gone@one.example", "failing")
    server.unknown = ""
    assert desk.run("mail send --now").exit_code == 0
    told = ["owner@lantern.example", "office@one.example", "gone@one.example"]
    assert [to for to, _ in server.received] == told
