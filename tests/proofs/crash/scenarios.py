"""Commands that change something, and the company that each is run on."""

from __future__ import annotations

from tests.proofs.crash.checks import (
    NEW,
    Scenario,
    attached,
    backed_up,
    canceled,
    chosen,
    imported,
    logged_in,
    made,
    paid,
    removed,
    restored,
    saved,
    settled,
)
from tests.proofs.crash.place import LATER, Place

PASSWORD = "curious otters juggling\n"


def _left_charged(place: Place) -> None:
    killed = place.run("pay", "INV-1", "INV-2", "--yes", "--method", "card", events="after confirm")
    assert killed.killed


def _left_unconfirmed(place: Place) -> None:
    killed = place.run(
        "pay", "INV-1", "INV-2", "--yes", "--method", "card", events="before confirm"
    )
    assert killed.killed


def _settling(place: Place) -> None:
    place.run("pay", "INV-1", "INV-2", "--yes", "--method", "ach")
    place.advance("6d")


def _coming_back(place: Place) -> None:
    attached = place.run(
        *"sandbox attach pm_usBankAccount_insufficientFunds --customer C-1 --json".split()
    )
    method = attached.json["id"]
    assert place.run("pay", "INV-1", "INV-2", "--yes", "--method", method).exit_code == 0
    place.advance("6d")


def _file_to_import(place: Place) -> None:
    rows = [f"{n},C-1,2026-10-01,2026-10-31,USD,{i + 1}.00" for i, n in enumerate(NEW)]
    file = place.folder / "new.csv"
    file.write_text("\n".join(["number,customer,issued_on,due_on,currency,total", *rows, ""]))


def _with_a_password(place: Place) -> None:
    invited = place.run(
        "contacts", "invite", "new@example.com", "--customer", "C-1", "--json", who="finance"
    )
    code = invited.json["code"]
    accepted = place.run(
        *"login --invite --password-stdin --insecure-storage".split(),
        who="",
        stdin=f"{code}\n{PASSWORD}",
    )
    assert accepted.exit_code == 0, accepted
    assert place.run("logout", who="").exit_code == 0


def _paid_since_a_backup(place: Place) -> None:
    saved = place.run("backup", f"{place.folder}/saved.db", who="finance")
    assert saved.exit_code == 0, saved
    _paid_before(place)


def _paid_before(place: Place) -> None:
    assert place.run("pay", "INV-1", "--yes", "--method", "card").exit_code == 0


PAY = "pay INV-1 INV-2 --yes --json --method"
SCENARIOS = (
    Scenario("pay by card", f"{PAY} card", paid, ends=frozenset({"none", "canceled", "succeeded"})),
    Scenario("pay by ACH", f"{PAY} ach", paid, ends=frozenset({"none", "canceled", "processing"})),
    Scenario(
        "pay, declined",
        f"{PAY} {{declines}}",
        paid,
        ends=frozenset({"none", "canceled", "failed"}),
    ),
    Scenario(
        "sync a left payment",
        "sync --json",
        settled,
        "finance",
        _left_charged,
        options={"ahead": LATER},
        ends=frozenset({"succeeded"}),
    ),
    Scenario(
        "sync a settled debit",
        "sync --json",
        settled,
        "finance",
        _settling,
        ends=frozenset({"succeeded"}),
    ),
    Scenario(
        "sync a returned debit",
        "sync --json",
        settled,
        "finance",
        _coming_back,
        ends=frozenset({"failed"}),
    ),
    Scenario(
        "payments cancel",
        "payments cancel {payment}",
        canceled,
        prepare=_left_unconfirmed,
        ends=frozenset({"canceled"}),
    ),
    Scenario(
        "import",
        "import invoices {folder}/new.csv",
        imported,
        "finance",
        _file_to_import,
        bank=False,
        ends=frozenset({"none", "all"}),
    ),
    Scenario(
        "backup",
        "backup {folder}/copies/copy.db --json",
        backed_up,
        "finance",
        lambda place: (place.folder / "copies").mkdir(),
        bank=False,
        ends=frozenset({"absent", "there"}),
    ),
    Scenario(
        "restore",
        "restore {folder}/saved.db --yes --json",
        restored,
        "finance",
        _paid_since_a_backup,
        bank=False,
        ends=frozenset({"old", "new"}),
    ),
    Scenario(
        "sandbox attach",
        "sandbox attach pm_card_visa --customer C-2 --json",
        attached,
        "finance",
        ends=frozenset({"absent", "there"}),
    ),
    Scenario(
        "methods default",
        "methods default {declines}",
        chosen,
        bank=False,
        ends=frozenset({"chosen"}),
    ),
    Scenario(
        "methods remove",
        "methods remove {declines} --yes",
        removed,
        ends=frozenset({"there", "gone"}),
    ),
)
"""What is killed at each of its steps, and has each of its calls to the system fail."""

FILES = (
    Scenario(
        "init",
        "init --ledger {folder}/new/ledger.db --company Tidewheel --admin-email a@example.com "
        "--password-stdin --json",
        made,
        bank=False,
        options={"stdin": PASSWORD},
    ),
    Scenario(
        "login",
        "login --email new@example.com --password-stdin --insecure-storage",
        logged_in,
        "",
        _with_a_password,
        bank=False,
        options={"stdin": PASSWORD},
    ),
    Scenario("pdfs", "invoices pdf INV-1 INV-2 --dir {folder}/out", saved, bank=False),
    Scenario("zip", "invoices pdf INV-1 INV-2 --zip {folder}/out/all.zip", saved, bank=False),
    Scenario(
        "receipt",
        "payments receipt {payment} --dir {folder}/out",
        saved,
        prepare=_paid_before,
        bank=False,
    ),
)
"""What writes files, and has no steps but its calls to the system."""
