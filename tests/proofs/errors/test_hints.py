"""The hint of each code is obeyed, and leads somewhere: what was wanted comes about, or whoever
asked reads what they wanted to know.

Each function below is named like a code. It brings the error about with the code's reproducer
(`meet`, which returns what stderr said), does what the hint says with the placeholders filled in as
a person would, and holds what came of it. A code without one stands in `NOT_OBEYED`, with the
reason. Hints of the same codes in other places: test_other_hints.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import pytest

from invoicepay.sandbox.faults import clear_faults
from tests.proofs.errors.test_every_code import EXIT_CODES, LOGIN, REPRODUCERS, import_invoices
from tests.world.program import DemoCompany, Result
from tests.world.stripe_here import practice_bank_as_stripe

Meet: TypeAlias = Callable[[], str]
OBEYED: dict[str, Callable[[DemoCompany, Meet], None]] = {}
NOT_OBEYED = {
    "answered_no": "it is what the person chose, and needs no hint",
    "ledger_newer": "there is no newer release of this program to upgrade to",
    "not_cancelable": "a refund is asked of people; this program cannot make one yet",
}


def obeyed(obey: Callable[[DemoCompany, Meet], None]) -> None:
    OBEYED[obey.__name__] = obey


def test_every_hint_is_obeyed_or_has_a_reason() -> None:
    assert set(OBEYED) | set(NOT_OBEYED) == set(EXIT_CODES)
    assert not set(OBEYED) & set(NOT_OBEYED)


@pytest.mark.parametrize("code", sorted(set(EXIT_CODES) - set(NOT_OBEYED)))
def test_hint(code: str, company: DemoCompany) -> None:
    assert code in OBEYED, f"nobody obeys the hint of {code}"
    OBEYED[code](company, lambda: last_line(REPRODUCERS[code].run(company)))


# --- How a person obeys -------------------------------------------------------------------------


def last_line(result: Result) -> str:
    return result.stderr.splitlines()[-1]


def advised(said: str, command: str) -> str:
    """The command in `said` that begins with `command`, without the program's name."""
    found: list[str] = re.findall("`invoicepay ([^`]+)`", said)
    return next(full for full in found if full.startswith(command))


def obey(company: DemoCompany, said: str, command: str) -> Result:
    """Run the command in `said` that begins with `command`; it has to go well."""
    return well(company.run(advised(said, command)))


def option(said: str, name: str) -> str:
    """An option in `said`, with its value."""
    found = re.search(rf"{name} [^\s,;]+", said)
    assert found, said
    return found[0].rstrip(".")


def well(result: Result) -> Result:
    assert result.exit_code == 0, result
    return result


def log_in_with_an_invite(company: DemoCompany) -> None:
    invite = "contacts invite dana@harborfinch.example --json"
    code = company.as_("finance").run(invite).json["code"]
    answers = f"{code}\nthree yellow umbrellas\n"
    well(company.run("login --invite --password-stdin --insecure-storage", answers))
    well(company.run("invoices list"))


def log_in(company: DemoCompany, said: str) -> None:
    """As a machine without a keyring goes on to ask."""
    assert advised(said, "login") == "login"
    said = last_line(company.run(LOGIN, company.passwords["customer"]))
    assert advised(said, "login") == "login --insecure-storage"
    well(company.run(f"{LOGIN} --insecure-storage", company.passwords["customer"]))
    well(company.run("invoices list"))


def status_of(company: DemoCompany, payment: str) -> str:
    return str(company.run(f"payments show {payment} --json").json["status"])


# --- 2: usage -----------------------------------------------------------------------------------


@obeyed
def usage(company: DemoCompany, meet: Meet) -> None:
    assert "use only one of --open, --paid" in meet()
    well(company.run("invoices list --open"))


@obeyed
def ambiguous_selection(company: DemoCompany, meet: Meet) -> None:
    pay = f"pay --open --dry-run {option(meet(), '--customer')}"
    payables = company.as_("payables")
    obey(payables, last_line(payables.run(pay)), "sandbox attach")
    well(payables.run(pay))


@obeyed
def amount_not_chargeable(company: DemoCompany, meet: Meet) -> None:
    said = meet()
    well(company.run(f"pay KWD-1 --yes {option(said, '--amount')}"))
    (company.folder / "received.csv").write_text(
        "reference,customer,received_on,method_type,amount,currency,invoice\n"
        "W-1,C-1007,2026-10-20,wire,0.005,KWD,KWD-1\n"
    )
    well(company.as_("finance").run(f"{advised(said, 'import payments')} received.csv"))
    assert company.run("invoices show KWD-1 --json").json["status"] == "paid"


@obeyed
def currency_not_supported(company: DemoCompany, meet: Meet) -> None:
    pay = f"pay INV-0776 --yes {option(meet(), '--method')}"
    payables = company.as_("payables")
    obey(payables, last_line(payables.run(pay)), "sandbox attach")
    well(payables.run(pay))


@obeyed
def guard_needed(company: DemoCompany, meet: Meet) -> None:
    assert "Add --expect-total or --max-total" in meet()
    total = company.run("pay --open --dry-run --json").json["total"]
    well(company.run(f"pay --open --yes --max-total {total} --dry-run"))
    well(company.run(f"pay --open --yes --expect-total {total}"))


@obeyed
def input_needed(company: DemoCompany, meet: Meet) -> None:
    assert "Say --yes" in meet()
    well(company.run("pay INV-1042 --yes"))


@obeyed
def over_limit(company: DemoCompany, meet: Meet) -> None:
    assert "--amount NUMBER=AMOUNT" in meet()
    for _ in range(2):
        well(company.run("pay BIG-1 --amount BIG-1=500000.00 --yes"))
    assert company.run("invoices show BIG-1 --json").json["status"] == "paid"


@obeyed
def under_limit(company: DemoCompany, meet: Meet) -> None:
    assert "Pay more of it, or more invoices at once" in meet()
    well(company.run("pay INV-1042 --amount INV-1042=0.50 --yes"))
    well(company.run("pay INV-1042 INV-1060 --amount INV-1042=0.10 --yes"))


@obeyed
def config_invalid(company: DemoCompany, meet: Meet) -> None:
    known = meet().partition("Known: ")[2].rstrip(".").split(", ")
    (company.folder / "typo.toml").write_text(f'{known[0]} = "ledger.db"\n')
    well(company.run("whoami --config typo.toml"))


@obeyed
def needs_sandbox(company: DemoCompany, meet: Meet) -> None:
    obey(company, meet(), "demo")
    practice = "sandbox clock advance 4d --config invoicepay-demo/invoicepay.toml"
    well(company.run(practice, INVOICEPAY_CONFIG=""))


# --- 3: declined --------------------------------------------------------------------------------


@obeyed
def payment_declined(company: DemoCompany, meet: Meet) -> None:
    listed = obey(company, meet(), "methods list").stdout
    other = company.method("Company card")
    assert other in listed
    well(company.run(["pay", "INV-1042", "--method", other, "--yes"]))


# --- 4: log in, or not allowed ------------------------------------------------------------------


@obeyed
def invite_invalid(company: DemoCompany, meet: Meet) -> None:
    assert "ask whoever invited you for a new one" in meet()
    log_in_with_an_invite(company)


@obeyed
def login_failed(company: DemoCompany, meet: Meet) -> None:
    said = meet()
    assert "Try again, or ask" in said
    well(company.run(f"{LOGIN} --insecure-storage", company.passwords["customer"]))
    assert advised(said, "login") == "login --invite"
    log_in_with_an_invite(company)


@obeyed
def login_throttled(company: DemoCompany, meet: Meet) -> None:
    assert "ask whoever invited you for a new invite" in meet()
    log_in_with_an_invite(company)
    # or wait, which is that the failures are longer ago
    company.edit("UPDATE login_failures SET at = '2020-01-01T00:00:00.000000+00:00'")
    well(company.run(f"{LOGIN} --insecure-storage", "three yellow umbrellas\n"))


@obeyed
def not_allowed(company: DemoCompany, meet: Meet) -> None:
    assert "Ask a contact with the role admin or finance" in meet()
    for role in ("admin", "finance"):
        well(company.as_(role).run("contacts list"))


@obeyed
def not_logged_in(company: DemoCompany, meet: Meet) -> None:
    log_in(company, meet())


@obeyed
def session_expired(company: DemoCompany, meet: Meet) -> None:
    log_in(company, meet())


# --- 5: not found -------------------------------------------------------------------------------


@obeyed
def not_found(company: DemoCompany, meet: Meet) -> None:
    assert "INV-1042" in obey(company, meet(), "invoices list").stdout


@obeyed
def nothing_selected(company: DemoCompany, meet: Meet) -> None:
    assert "INV-1042" in obey(company, meet(), "invoices list").stdout
    well(company.run("pay --open --currency USD --dry-run"))


# --- 6: not known yet ---------------------------------------------------------------------------


@obeyed
def not_shown(company: DemoCompany, meet: Meet) -> None:
    assert "succeeded" in obey(company, meet(), "payments show").stdout


@obeyed
def outcome_unknown(company: DemoCompany, meet: Meet) -> None:
    said = meet()
    found = re.search(r"payment ([0-9a-f-]{36})", said)
    assert found
    assert found[1][:8] in obey(company, said, "sync").stdout
    assert status_of(company, found[1]) == "succeeded"


@obeyed
def wait_ran_out(company: DemoCompany, meet: Meet) -> None:
    said = meet()
    company.run("sandbox clock advance 5d")
    obey(company, said, "sync")
    assert "succeeded" in obey(company, said, "payments show").stdout


# --- 7: refused ---------------------------------------------------------------------------------


@obeyed
def already_exists(company: DemoCompany, meet: Meet) -> None:
    assert "Use it, or name another file with --ledger" in meet()
    well(company.run("invoices list"))
    init = "init --company Again --admin-email a@example.com --password-stdin --ledger again.db"
    well(company.run(init, "nine quiet harbours"))


@obeyed
def already_paid(company: DemoCompany, meet: Meet) -> None:
    assert "paid" in obey(company, meet(), "invoices show").stdout


@obeyed
def amount_exceeds_payable(company: DemoCompany, meet: Meet) -> None:
    well(company.run(f"pay INV-1042 --yes {option(meet(), '--amount')}"))
    assert company.run("invoices show INV-1042 --json").json["status"] == "paid"


@obeyed
def in_flight(company: DemoCompany, meet: Meet) -> None:
    said = meet()
    assert "processing" in obey(company, said, "payments show").stdout
    company.run("sandbox clock advance 5d")
    obey(company, said, "sync")
    assert "processing" not in obey(company, said, "payments show").stdout


@obeyed
def key_reused(company: DemoCompany, meet: Meet) -> None:
    assert "INV-1042" in obey(company, meet(), "payments show").stdout
    well(company.run("pay INV-1060 --key order-78 --yes"))


@obeyed
def not_acknowledged(company: DemoCompany, meet: Meet) -> None:
    assert "succeeded" in obey(company, meet(), "payments show").stdout


@obeyed
def ledger_behind_gateway(company: DemoCompany, meet: Meet) -> None:
    obey(company.as_("finance"), meet(), "sync")
    assert company.run("pay INV-1042 --yes --json").error["code"] == "not_acknowledged"
    assert company.run("pay INV-1042 --yes --json").error["code"] == "already_paid"
    well(company.run("pay INV-1060 --yes"))


@obeyed
def other_ledger(company: DemoCompany, meet: Meet) -> None:
    said = meet()
    finance = company.as_("finance")
    well(finance.run("backup this-one.db"))
    well(finance.run("restore this-one.db --yes"))
    company.log_in("finance")
    assert "--other-ledger" in said
    well(finance.run("restore saved.db --yes --other-ledger"))


@obeyed
def not_placed(company: DemoCompany, meet: Meet) -> None:
    obey(company.as_("finance"), meet(), "sync")
    assert company.run("invoices show INV-8001 --json").json["status"] == "paid"


@obeyed
def restored_not_confirmed(company: DemoCompany, meet: Meet) -> None:
    said = meet()
    finance = company.as_("finance")
    company.log_in("finance")
    obey(finance, said, "sync")
    well(finance.run(f"{advised(said, 'restore --confirm')} --yes"))
    well(company.run("pay INV-1042 --yes"))


@obeyed
def method_unusable(company: DemoCompany, meet: Meet) -> None:
    obey(company, meet(), "methods list")
    methods = company.run("methods list --json").json
    other = next(m["id"] for m in methods if m["status"] == "active")
    well(company.run(f"pay INV-1042 --method {other} --yes"))


@obeyed
def moved_since_quoted(company: DemoCompany, meet: Meet) -> None:
    assert "pay what is shown then" in meet()
    shown = company.run("pay INV-1042 --dry-run --json").json["total"]
    assert company.run("pay INV-1042 --yes --json").json["amount"] == shown


@obeyed
def not_payable(company: DemoCompany, meet: Meet) -> None:
    assert "credit" in obey(company.as_("finance"), meet(), "invoices show").stdout.lower()


@obeyed
def no_receipt(company: DemoCompany, meet: Meet) -> None:
    assert "failed" in obey(company, meet(), "payments show").stdout


@obeyed
def payment_canceled(company: DemoCompany, meet: Meet) -> None:
    assert "Pay again with a new --key" in meet()
    well(company.run("pay INV-1042 --yes --key new"))


@obeyed
def total_differs(company: DemoCompany, meet: Meet) -> None:
    assert "with --dry-run instead of --expect-total" in meet()
    total = company.run("pay INV-1042 --dry-run --json").json["total"]
    well(company.run(f"pay INV-1042 --expect-total {total} --yes"))


@obeyed
def weak_password(company: DemoCompany, meet: Meet) -> None:
    assert "A few words do well" in meet()
    answers = f"{company.passwords['customer']}\nthree yellow umbrellas\n"
    well(company.run("passwd --password-stdin", answers))


@obeyed
def insecure_file(company: DemoCompany, meet: Meet) -> None:
    (path,) = re.findall("`chmod 600 ([^`]+)`", meet())
    assert path == str(company.session)
    company.session.chmod(0o600)
    well(company.run("invoices list"))


@obeyed
def insecure_keyring(company: DemoCompany, meet: Meet) -> None:
    keyring_unavailable_on(company, meet())


# --- 8: bad input data --------------------------------------------------------------------------


@obeyed
def amount_too_large(company: DemoCompany, meet: Meet) -> None:
    assert "Check how many digits it has" in meet()
    well(company.run("pay INV-1042 --expect-total 1842.50 --yes"))


@obeyed
def bad_amount(company: DemoCompany, meet: Meet) -> None:
    assert "Write it like 1842.50" in meet()
    well(company.run("pay INV-1042 --amount INV-1042=1842.50 --yes"))


@obeyed
def bad_date(company: DemoCompany, meet: Meet) -> None:
    assert "Write it like 2026-10-31" in meet()
    for day in ("2026-10-31", "2026-10", "today", "-30d", "last-month"):
        well(company.run(f"invoices list --since {day}"))


@obeyed
def bad_file(company: DemoCompany, meet: Meet) -> None:
    assert "Name a file of records" in meet()
    well(company.as_("finance").run("import invoices import/invoices.csv"))


@obeyed
def bad_mapping(company: DemoCompany, meet: Meet) -> None:
    (line,) = re.findall(r"Write e\.g\. (.*)\.$", meet())
    header = "Invoice No,customer,issued_on,total,currency"
    rows = f"{header}\nNEW-1,C-1007,2026-10-01,10.00,USD\n"
    (company.folder / "rows.csv").write_text(rows)
    named = "\n".join(f'{n} = "{n}"' for n in header.split(",")[1:])
    mapping = f'kind = "invoices"\n[columns]\n{line}\n{named}\n'
    (company.folder / "map.toml").write_text(mapping)
    well(company.as_("finance").run("import invoices rows.csv --mapping map.toml"))


@obeyed
def bad_rows(company: DemoCompany, meet: Meet) -> None:
    assert "Correct the file, then import it again" in meet()
    well(import_invoices(company, "NEW-1,C-1007,2026-10-01,1000.00,USD"))


@obeyed
def bad_text(company: DemoCompany, meet: Meet) -> None:
    assert "the memo has a line break. Leave it out." in meet()
    well(company.run(["pay", "INV-1042", "--memo", "one line", "--yes"]))


@obeyed
def changed_record(company: DemoCompany, meet: Meet) -> None:
    assert "Import it with --update" in meet()
    well(company.as_("finance").run("import invoices rows.csv --update"))


@obeyed
def unknown_currency(company: DemoCompany, meet: Meet) -> None:
    assert "such as USD" in meet()
    well(company.run("invoices list --currency USD"))


# --- 9: done in part ----------------------------------------------------------------------------


@obeyed
def no_viewer(company: DemoCompany, meet: Meet) -> None:
    assert "Name one in BROWSER" in meet()
    well(company.run("invoices pdf INV-1042 --view", BROWSER="true %s"))


@obeyed
def partly_done(company: DemoCompany, meet: Meet) -> None:
    said = meet()
    (company.folder / "outbox").unlink()  # the message names it
    company.run("sandbox clock advance 1h")
    obey(company, said, "sync")
    assert company.mail


# --- 10: out of reach ---------------------------------------------------------------------------


@obeyed
def account_unknown(company: DemoCompany, meet: Meet) -> None:
    bind = advised(meet(), "config stripe")
    with practice_bank_as_stripe(company.folder / "bank") as stripe:
        for command in (bind, "sync"):
            key = {"INVOICEPAY_STRIPE_KEY_FILE": "key", **stripe}
            well(company.run(f"{command} --ledger test.db", **key))


@obeyed
def gateway_mismatch(company: DemoCompany, meet: Meet) -> None:
    """A live ledger would need a live key: a test ledger with a live key, and then with its own."""
    assert "Use the key of its account that starts with sk_live_" in meet()
    REPRODUCERS["account_unknown"].run(company)  # makes a test ledger
    key = company.folder / "key"
    with practice_bank_as_stripe(company.folder / "bank") as stripe:
        key.write_text("sk_live_51abc")
        sync = "sync --ledger test.db"
        refused = company.run(sync, INVOICEPAY_STRIPE_KEY_FILE="key", **stripe)
        assert "Use the key of its account that starts with sk_test_" in refused.stderr
        key.write_text("sk_test_51abc")
        well(company.run(sync, INVOICEPAY_STRIPE_KEY_FILE="key", **stripe))


@obeyed
def gateway_refused(company: DemoCompany, meet: Meet) -> None:
    said = meet()
    assert "Change what it names" in said
    assert "Your card was declined" in said
    well(company.run("sandbox attach pm_card_visa --customer C-1007"))


@obeyed
def gateway_unreachable(company: DemoCompany, meet: Meet) -> None:
    """Also under the key of the attempt that failed, once the gateway is back."""
    assert "Nothing was charged. Try again later" in meet()
    clear_faults(company.sandbox)
    paid = company.run("pay INV-1042 --key outage --yes --json").json
    assert paid["status"] == "succeeded"


@obeyed
def gateway_unreadable(company: DemoCompany, meet: Meet) -> None:
    said = meet()
    assert "look it up in the gateway's dashboard, and cancel it there" in said
    company.edit_bank(
        "UPDATE objects SET body = json_set(body, '$.status', 'canceled') "
        "WHERE kind = 'payment_intent' AND json_extract(body, '$.status') = 'requires_capture'"
    )
    obey(company, said, "sync")
    well(company.run("pay INV-1051 --method card --yes"))


@obeyed
def key_missing(company: DemoCompany, meet: Meet) -> None:
    """The live ledger of the reproducer would need a live key; a test ledger takes a test key."""
    assert "name a file of mode 0600 that holds it with INVOICEPAY_STRIPE_KEY_FILE" in meet()
    REPRODUCERS["account_unknown"].run(company)
    (company.folder / "key").write_text("sk_test_51abc")
    with practice_bank_as_stripe(company.folder / "bank") as stripe:
        well(company.run("sync --ledger test.db", INVOICEPAY_STRIPE_KEY_FILE="key", **stripe))


def keyring_unavailable_on(company: DemoCompany, said: str) -> None:
    assert "set INVOICEPAY_TOKEN" in said
    token = company.run("tokens create script --json").json["token"]
    company.run("logout")
    well(company.run("invoices list", INVOICEPAY_TOKEN=token))
    insecure = advised(said, "login --insecure-storage").removeprefix("login")
    well(company.run(f"{LOGIN}{insecure}", company.passwords["customer"]))
    well(company.run("invoices list"))


@obeyed
def keyring_unavailable(company: DemoCompany, meet: Meet) -> None:
    keyring_unavailable_on(company, meet())


def restore(company: DemoCompany, said: str) -> None:
    """As `said` advises, with what follows from it; the customer can pay then."""
    command = advised(said, "restore BACKUP").replace("BACKUP", "saved.db")
    finance = company.as_("finance")
    done = well(finance.run(f"{command} --yes"))
    for who in ("customer", "finance"):
        company.log_in(who)
    *_, then = done.stderr.splitlines()
    assert then.startswith("Then: import again what was received outside, invoicepay sync")
    assert then.endswith("invoicepay restore --confirm")
    well(finance.run("audit verify"))
    well(finance.run("sync"))
    well(finance.run("restore --confirm --yes"))


@obeyed
def ledger_damaged(company: DemoCompany, meet: Meet) -> None:
    finance = company.as_("finance")
    well(finance.run("backup saved.db"))
    said = meet()
    assert "is damaged" in finance.run(advised(said, "doctor")).stdout
    restore(company, said)
    well(company.run("pay INV-1042 --yes"))


@obeyed
def ledger_in_use(company: DemoCompany, meet: Meet) -> None:
    assert "Stop cron and everybody, then run it again" in meet()
    well(company.as_("finance").run("restore saved.db --yes"))


@obeyed
def ledger_mixed(company: DemoCompany, meet: Meet) -> None:
    restore(company, meet())
    assert company.run("pay INV-1042 --yes --json").error["code"] == "not_acknowledged"
    assert company.run("pay INV-1042 --yes --json").error["code"] == "already_paid"


@obeyed
def ledger_replaced(company: DemoCompany, meet: Meet) -> None:
    assert "Run it again" in meet()
    well(company.run("pay INV-1042 --yes"))


@obeyed
def ledger_missing(company: DemoCompany, meet: Meet) -> None:
    said = meet()
    well(company.run("invoices list --ledger ledger.db"))
    init = "--company New --admin-email a@example.com --password-stdin --ledger nowhere.db"
    well(company.run(f"{advised(said, 'init')} {init}", "nine quiet harbours"))
    obey(company, said, "demo")


@obeyed
def ledger_unusable(company: DemoCompany, meet: Meet) -> None:
    assert "Name the ledger with --ledger or INVOICEPAY_LEDGER" in meet()
    well(company.run("invoices list --ledger ledger.db"))
    well(company.run("invoices list", INVOICEPAY_LEDGER="ledger.db"))


@obeyed
def sandbox_unusable(company: DemoCompany, meet: Meet) -> None:
    obey(company, meet(), "demo")


@obeyed
def secret_unreadable(company: DemoCompany, meet: Meet) -> None:
    """Looking at the path that is named shows that its folder is the ledger."""
    assert f"{company.ledger}/" in meet()
    config = company.folder / "invoicepay.toml"
    config.write_text(config.read_text().replace('secrets = "ledger.db"\n', ""))
    well(company.run("invoices list"))


@obeyed
def write_failed(company: DemoCompany, meet: Meet) -> None:
    assert "Name another place" in meet()
    well(company.run("invoices pdf INV-1042 --dir pdfs"))
    assert (company.folder / "pdfs" / "INV-1042.pdf").exists()


# --- 11: does not tie out -----------------------------------------------------------------------


@obeyed
def books_differ(company: DemoCompany, meet: Meet) -> None:
    finance = company.as_("finance")
    obey(finance, meet(), "doctor --fix")
    well(finance.run("doctor"))
    well(company.run("pay INV-1042 --yes"))


@obeyed
def journal_differs(company: DemoCompany, meet: Meet) -> None:
    finance = company.as_("finance")
    well(finance.run("backup saved.db"))
    restore(company, meet())
    well(company.run("pay INV-1042 --yes"))
