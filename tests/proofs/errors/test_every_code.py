"""A reproducer for every code that a person can meet: its one line, and its exit code.

Through the installed program. A code without a reproducer fails `test_every_code_is_reproduced`:
either it can happen, and belongs here, or it cannot, and does not belong in billing/errors.py.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import pytest

from invoicepay.billing.errors import FAMILIES
from invoicepay.sandbox.faults import add_fault
from tests.acceptance.transcript import match
from tests.proofs.faults.damage import cut_to, leave_log
from tests.world.program import DECLINES, DemoCompany, Result
from tests.world.stripe_here import practice_bank_as_stripe

EXIT_CODES = {code: family.exit_code for family in FAMILIES for code in family.codes}


@dataclass(frozen=True)
class Reproducer:
    run: Callable[[DemoCompany], Result]
    line: str
    """What stderr ends with; placeholders as in transcripts."""


REPRODUCERS: dict[str, Reproducer] = {}


def says(line: str) -> Callable[[Callable[[DemoCompany], Result]], None]:
    """The decorated function, named like the code, makes the program say `line`."""

    def register(run: Callable[[DemoCompany], Result]) -> None:
        REPRODUCERS[run.__name__] = Reproducer(run, f"invoicepay: {line}\n")

    return register


def test_every_code_is_reproduced() -> None:
    assert set(REPRODUCERS) == set(EXIT_CODES)


@pytest.mark.parametrize("code", sorted(EXIT_CODES))
def test_code(code: str, company: DemoCompany) -> None:
    assert code in REPRODUCERS, f"nothing shows how {code} comes about"
    reproducer = REPRODUCERS[code]
    result = reproducer.run(company)
    last = result.stderr.splitlines(keepends=True)[-1]
    values = {"folder": str(company.folder)}
    assert match(reproducer.line, last, values) is not None, result
    assert result.exit_code == EXIT_CODES[code]
    assert "Traceback" not in result.stderr


def test_no_code_is_in_two_families() -> None:
    assert sum(len(family.codes) for family in FAMILIES) == len(EXIT_CODES)


# --- 2: usage -----------------------------------------------------------------------------------


@says("use only one of --open, --paid.")
def usage(company: DemoCompany) -> Result:
    return company.run("invoices list --open --paid")


@says(
    "one payment is for one customer; this selection has C-1005, C-1012. Narrow it with "
    "--customer, e.g. --customer C-1005."
)
def ambiguous_selection(company: DemoCompany) -> Result:
    return company.as_("payables").run("pay --open --dry-run")


@says(
    "12.345 KWD cannot be charged, only multiples of 0.010 KWD. Pay it in another way, e.g. by "
    "wire, which finance records with `invoicepay import payments`, or less here: --amount "
    "KWD-1=12.340."
)
def amount_not_chargeable(company: DemoCompany) -> Result:
    import_invoices(company, "KWD-1,C-1007,2026-10-01,12.345,KWD")
    return company.run("pay KWD-1 --yes")


@says("a bank debit (ACH) is in USD only, this selection is in EUR. Pay by card: --method card.")
def currency_not_supported(company: DemoCompany) -> Result:
    payables = company.as_("payables")
    payables.run("sandbox attach pm_usBankAccount_success --customer C-1012")
    return payables.run("pay INV-0776 --method ach --dry-run")


@says("--yes with --open pays whatever is there. Add --expect-total or --max-total.")
def guard_needed(company: DemoCompany) -> Result:
    return company.run("pay --open --yes")


@says("there is no terminal to confirm the payment on. Say --yes.")
def input_needed(company: DemoCompany) -> Result:
    return company.run("pay INV-1042")


@says(
    "1,000,000.00 USD is more than the largest single charge, 999,999.99 USD. Pay in parts: fewer "
    "invoices, or --amount NUMBER=AMOUNT."
)
def over_limit(company: DemoCompany) -> Result:
    import_invoices(company, "BIG-1,C-1007,2026-10-01,1000000.00,USD")
    return company.run("pay BIG-1 --yes")


@says(
    "0.10 USD is less than the smallest charge, 0.50 USD. Pay more of it, or more invoices at once."
)
def under_limit(company: DemoCompany) -> Result:
    return company.run("pay INV-1042 --amount INV-1042=0.10 --yes")


@says(
    "typo.toml: unknown setting leger. Known: ledger, outbox, secrets, smtp, gateway, keyring, "
    "documents, sandbox."
)
def config_invalid(company: DemoCompany) -> Result:
    (company.folder / "typo.toml").write_text('leger = "ledger.db"\n')
    return company.run("whoami --config typo.toml")


@says("this is a live ledger; it has no sandbox. Practise on another: `invoicepay demo` makes one.")
def needs_sandbox(company: DemoCompany) -> Result:
    make_live_ledger(company)
    return company.run("sandbox clock advance 4d --ledger live.db")


# --- 3: declined --------------------------------------------------------------------------------


@says(
    "Visa ending 0341 was declined: Your card was declined. Nothing was charged. Pay with "
    "another method: --method ID, see `invoicepay methods list`."
)
def payment_declined(company: DemoCompany) -> Result:
    return company.run(["pay", "INV-1042", "--method", company.method(DECLINES), "--yes"])


# --- 4: log in, or not allowed ------------------------------------------------------------------


@says(
    "this code is not valid, was used already, or has expired. Check it, or ask whoever invited "
    "you for a new one."
)
def invite_invalid(company: DemoCompany) -> Result:
    return company.run(
        "login --invite --password-stdin --insecure-storage",
        "AAAA-BBBB-CCCC-DDDD\nthree yellow umbrellas\n",
    )


LOGIN = "login --email dana@harborfinch.example --password-stdin"


@says(
    "e-mail or password is wrong. Try again, or ask whoever invited you for a new invite "
    "(`invoicepay login --invite`)."
)
def login_failed(company: DemoCompany) -> Result:
    return company.run(LOGIN, "a guess\n")


@says(
    "too many failed logins for this e-mail; wait {size} seconds. Then try again, or ask whoever "
    "invited you for a new invite."
)
def login_throttled(company: DemoCompany) -> Result:
    for _ in range(5):
        company.run(LOGIN, "a guess\n")
    return company.run(LOGIN, company.passwords["customer"])


@says(
    "dana@harborfinch.example (customer) may not do this. Ask a contact with the role admin or "
    "finance."
)
def not_allowed(company: DemoCompany) -> Result:
    return company.run("contacts list")


@says("not logged in. Log in with `invoicepay login`.")
def not_logged_in(company: DemoCompany) -> Result:
    company.run("logout")
    return company.run("invoices list")


@says("the session has ended. Log in again with `invoicepay login`.")
def session_expired(company: DemoCompany) -> Result:
    company.edit("UPDATE sessions SET expires_at = '2020-01-01T00:00:00.000000+00:00'")
    return company.run("invoices list")


# --- 5: not found -------------------------------------------------------------------------------


@says("no invoice INV-9999. Check it with `invoicepay invoices list --all`.")
def not_found(company: DemoCompany) -> Result:
    return company.run("invoices show INV-9999")


@says("nothing is open to pay in this selection. `invoicepay invoices list` shows what is open.")
def nothing_selected(company: DemoCompany) -> Result:
    return company.run("pay --open --currency EUR --dry-run")


# --- 6: not known yet ---------------------------------------------------------------------------


@says(
    "payment {uuid payment} is succeeded, and that could not be written: No space left on device. "
    "Do not pay again; `invoicepay payments show {payment}` shows it."
)
def not_shown(company: DemoCompany) -> Result:
    told = company.run_into("/dev/full", "pay INV-1042 --yes --format csv")
    assert told.exit_code == 6
    return told


@says(
    "it is not known yet whether 1,842.50 USD was charged (payment {uuid}). Do not pay again; "
    "`invoicepay sync` finds out."
)
def outcome_unknown(company: DemoCompany) -> Result:
    add_fault(company.sandbox, "POST /v1/payment_intents/*/confirm", "cut_body")
    return company.run("pay INV-1042 --yes")


@says(
    "payment {uuid payment} is still processing. It goes on; `invoicepay sync` asks the bank, and "
    "`invoicepay payments show {payment}` shows it."
)
def wait_ran_out(company: DemoCompany) -> Result:
    return company.run("pay INV-1042 --method ach --yes --wait --timeout 0s")


# --- 7: refused ---------------------------------------------------------------------------------


@says("{folder}/ledger.db exists. Use it, or name another file with --ledger.")
def already_exists(company: DemoCompany) -> Result:
    return company.run(
        "init --company Again --admin-email a@example.com --password-stdin", "nine quiet harbours"
    )


@says("INV-1042 was paid on {date}. See `invoicepay invoices show INV-1042`.")
def already_paid(company: DemoCompany) -> Result:
    company.run("pay INV-1042 --yes")
    return company.run("pay INV-1042 --yes")


@says(
    "2,000.00 USD is more than is payable on INV-1042, 1,842.50 USD. Pay that at most: --amount "
    "INV-1042=1842.50."
)
def amount_exceeds_payable(company: DemoCompany) -> Result:
    return company.run("pay INV-1042 --amount INV-1042=2000 --yes")


@says("nothing was paid.")
def answered_no(company: DemoCompany) -> Result:
    with company.at_terminal("pay INV-1042") as asked:
        asked.wait_for("[y/N] ")
        asked.say("n")
        result = asked.end()
    return after_the_question(result)


@says(
    "payment {uuid payment} of 1,056.08 USD for INV-1051 is under way (processing). See "
    "`invoicepay payments show {payment}`; `invoicepay sync` asks the bank."
)
def in_flight(company: DemoCompany) -> Result:
    return company.run("pay INV-1051 --yes")


@says(
    "this key has been used for a payment of something else. Use a new --key for a new payment; "
    "`invoicepay payments show {uuid}` has what was paid with this one."
)
def key_reused(company: DemoCompany) -> Result:
    company.run("pay INV-1042 --key order-77 --yes")
    return company.run("pay INV-1060 --key order-77 --yes")


@says(
    "payment {uuid payment} of 1,842.50 USD for INV-1042 succeeded on {date}, and you have not "
    "been told before; nothing more was charged. See `invoicepay payments show {payment}`."
)
def not_acknowledged(company: DemoCompany) -> Result:
    add_fault(company.sandbox, "POST /v1/payment_intents/*/confirm", "cut_body")
    company.run("pay INV-1042 --yes")
    return company.run("pay INV-1042 --yes")


@says(
    "the gateway has 1 payment(s) that this ledger does not know; it looks restored from "
    "a backup or copied. Nothing was charged. Have finance run `invoicepay sync`, then try again."
)
def ledger_behind_gateway(company: DemoCompany) -> Result:
    company.as_("finance").run("backup saved.db")
    company.run("pay INV-1042 --yes")
    for path in company.folder.glob("ledger.db-*"):
        path.unlink()
    shutil.copy(company.folder / "saved.db", company.ledger)
    return company.run("pay INV-1042 --yes")


@says(
    "saved.db is of ledger {uuid} (sandbox), and {uuid} (sandbox) is in place. Nothing was "
    "changed. Name a backup of this ledger, or say --other-ledger."
)
def other_ledger(company: DemoCompany) -> Result:
    init = "init --company Other --admin-email owner@lantern.example --password-stdin"
    login = "login --email owner@lantern.example --password-stdin --insecure-storage"
    for command in (init, login, "backup saved.db"):
        done = company.run(f"{command} --ledger other.db", "nine quiet harbours")
        assert done.exit_code == 0, done
    return company.as_("finance").run("restore saved.db --yes")


@says(
    "INV-8001 was charged already: payment {uuid} of 120.00 USD was taken in from the gateway "
    "before it could be put on it. Nothing was charged now. Finance runs `invoicepay sync`, which "
    "puts it there."
)
def not_placed(company: DemoCompany) -> Result:
    finance = company.as_("finance")
    (company.folder / "late.csv").write_text(
        "number,customer,issued_on,due_on,currency,total\n"
        "INV-8001,C-1007,2026-11-01,2026-11-30,USD,120.00\n"
    )
    steps = (
        (finance, "backup saved.db"),
        (finance, "import invoices late.csv"),
        (company, "pay INV-8001 --method card --yes"),
        (finance, "restore saved.db --yes"),
        (finance, "sync"),
        (finance, "import invoices late.csv"),
        (finance, "restore --confirm --yes"),
    )
    for who, command in steps:
        done = who.run(command)
        assert done.exit_code == 0, done
        if command.startswith("restore saved"):
            company.log_in("finance")
            company.log_in("customer")
    return company.run("pay INV-8001 --method card --yes")


@says(
    "this ledger was restored from a backup of {time}, and what came after it is not confirmed "
    "yet. Nothing was charged. Finance runs `invoicepay sync`, then `invoicepay restore --confirm`."
)
def restored_not_confirmed(company: DemoCompany) -> Result:
    finance = company.as_("finance")
    for command in ("backup saved.db", "restore saved.db --yes"):
        assert finance.run(command).exit_code == 0
    company.log_in("customer")
    return company.run("pay INV-1042 --yes")


@says(
    "Visa ending 4242 ({method}) cannot be used: expired. Choose another with --method; "
    "`invoicepay methods list` shows them."
)
def method_unusable(company: DemoCompany) -> Result:
    company.edit("UPDATE methods SET exp_year = 2020 WHERE label = 'Company card'")
    return company.run("pay INV-1042 --method card --yes")


@says(
    "INV-1042 has changed since this payment was quoted: 842.50 USD is payable now. Look at it "
    "again and pay what is shown then."
)
def moved_since_quoted(company: DemoCompany) -> Result:
    with company.at_terminal("pay INV-1042 --amount INV-1042=100") as asked:
        asked.wait_for("[y/N] ")
        company.run("pay INV-1042 --amount INV-1042=1000 --yes")
        asked.say("y")
        result = asked.end()
    return after_the_question(result)


@says("payment {uuid} is processing. The bank has it; ask for a refund once it has settled.")
def not_cancelable(company: DemoCompany) -> Result:
    (payment,) = company.run("payments list --status processing --json").json
    return company.run(["payments", "cancel", payment["id"]])


@says("CM-202 is a credit memo; there is nothing to pay. See `invoicepay invoices show CM-202`.")
def not_payable(company: DemoCompany) -> Result:
    finance = company.as_("finance")
    finance.run("sandbox attach pm_card_visa --customer C-1025")
    return finance.run("pay CM-202 --method card --yes")


@says(
    "the total is 1,842.50 USD, not the expected 1,842.49 USD. See what it is made of with "
    "--dry-run instead of --expect-total."
)
def total_differs(company: DemoCompany) -> Result:
    return company.run("pay INV-1042 --expect-total 1842.49 --yes")


@says("the password has fewer than 12 characters. A few words do well.")
def weak_password(company: DemoCompany) -> Result:
    return company.run("passwd --password-stdin", f"{company.passwords['customer']}\nshort\n")


@says(
    "{folder}/{uuid}.secret is open to other users (mode 0644). Use `chmod 600 "
    "{folder}/{uuid}.secret`; if others may have read or changed it, replace the secret."
)
def insecure_file(company: DemoCompany) -> Result:
    company.session.chmod(0o644)
    return company.run("invoices list")


@says(
    "the keyring keyring.backends.null.Keyring is refused: it keeps nothing. Unlock or install a "
    "keyring, or use `invoicepay login --insecure-storage` (a file that only you can read), or set "
    "INVOICEPAY_TOKEN."
)
def insecure_keyring(company: DemoCompany) -> Result:
    weak = "keyring.backends.null.Keyring"
    return company.run(LOGIN, company.passwords["customer"], PYTHON_KEYRING_BACKEND=weak)


# --- 8: bad input data --------------------------------------------------------------------------


@says("the amount does not fit 64 bits. Check how many digits it has.")
def amount_too_large(company: DemoCompany) -> Result:
    return company.run("pay INV-1042 --expect-total 9999999999999999999 --yes")


@says("'1e3' is not an amount. Write it like 1842.50, without commas or signs.")
def bad_amount(company: DemoCompany) -> Result:
    return company.run("pay INV-1042 --amount INV-1042=1e3 --yes")


@says(
    "'3.10.2026' is not a date. Write it like 2026-10-31, 2026-10, today, yesterday, "
    "-30d, +7d, this-month or last-month."
)
def bad_date(company: DemoCompany) -> Result:
    return company.run("invoices list --since 3.10.2026")


@says("outbox: this is a folder. Name a file of records.")
def bad_file(company: DemoCompany) -> Result:
    return company.as_("finance").run("import invoices outbox")


@says('map.toml: it has no [columns]. Write e.g. number = "Invoice No".')
def bad_mapping(company: DemoCompany) -> Result:
    (company.folder / "map.toml").write_text('kind = "invoices"\n')
    return company.as_("finance").run("import invoices map.toml --mapping map.toml")


@says(
    "rows.csv: 1 bad line: line 2, total: '1e3' is not an amount. Nothing was imported. Correct "
    "the file, then import it again."
)
def bad_rows(company: DemoCompany) -> Result:
    return import_invoices(company, "NEW-1,C-1007,2026-10-01,1e3,USD")


@says("a memo is one line of at most 500 printable characters.")
def bad_text(company: DemoCompany) -> Result:
    return company.run(["pay", "INV-1042", "--memo", "two\nlines", "--yes"])


@says(
    "rows.csv: 1 bad line: line 2, total: invoice NEW-1 is in the ledger with another total, 10.00 "
    "USD. Import it with --update to replace what the ledger has."
)
def changed_record(company: DemoCompany) -> Result:
    import_invoices(company, "NEW-1,C-1007,2026-10-01,10.00,USD")
    return import_invoices(company, "NEW-1,C-1007,2026-10-01,20.00,USD")


@says("'dollars' is not a currency code. Use an ISO code such as USD.")
def unknown_currency(company: DemoCompany) -> Result:
    return company.run("invoices list --currency dollars")


# --- 9: done in part ----------------------------------------------------------------------------


@says(
    "2 e-mail(s) not sent: cannot write to {folder}/outbox: File exists. `invoicepay mail list` "
    "shows each e-mail. Run `invoicepay sync` "
    "again later."
)
def partly_done(company: DemoCompany) -> Result:
    shutil.rmtree(company.folder / "outbox")
    (company.folder / "outbox").write_text("in the way")
    assert company.run("pay INV-1042 --method card --yes").exit_code == 0
    company.run("sandbox clock advance 5m")  # then it is tried again
    return company.run("sync")


# --- 10: out of reach ---------------------------------------------------------------------------


@says(
    "a restricted key may not say which account it is of; the gateway speaks of acct_{any}. If "
    "that is right, finance says so once: `invoicepay config stripe --account acct_{any}`."
)
def account_unknown(company: DemoCompany) -> Result:
    key = company.folder / "key"
    key.write_text("rk_test_51abc")
    key.chmod(0o600)
    init = "init --test --company L --admin-email owner@lantern.example --password-stdin"
    login = "login --email owner@lantern.example --password-stdin --insecure-storage"
    for command in (init, login):
        assert company.run(f"{command} --ledger test.db", "nine quiet harbours").exit_code == 0
    with practice_bank_as_stripe(company.folder / "bank") as stripe:
        return company.run("sync --ledger test.db", INVOICEPAY_STRIPE_KEY_FILE="key", **stripe)


@says(
    "this is a test key, and the ledger is a live ledger. Use the key of its account that starts "
    "with sk_live_ or rk_live_."
)
def gateway_mismatch(company: DemoCompany) -> Result:
    key = company.folder / "key"
    key.write_text("sk_test_51abc")
    key.chmod(0o600)
    make_live_ledger(company)
    return company.run("sync --ledger live.db", INVOICEPAY_STRIPE_KEY_FILE="key")


@says(
    "the gateway refused: Your card was declined. Nothing was charged. Change what it names, or "
    "show finance this line."
)
def gateway_refused(company: DemoCompany) -> Result:
    return company.run("sandbox attach pm_card_visa_chargeDeclined --customer C-1007")


@says(
    "the gateway cannot be reached: no answer from the gateway. Nothing was charged. Try again "
    "later."
)
def gateway_unreachable(company: DemoCompany) -> Result:
    add_fault(company.sandbox, "**", "reset_before", times=100)
    return company.run("pay INV-1042 --key outage --yes")


@says(
    "the gateway's {any} cannot be read: its status is requires_capture. What is under way stays "
    "so; run `invoicepay sync` again later. Finance: look it up in the gateway's dashboard, and "
    "cancel it there if it should not be charged; a newer invoicepay may be able to read it."
)
def gateway_unreadable(company: DemoCompany) -> Result:
    company.edit_bank(
        "UPDATE objects SET body = json_set(body, '$.status', 'requires_capture') "
        "WHERE kind = 'payment_intent' AND json_extract(body, '$.status') = 'processing'"
    )
    return company.run("sync")


@says(
    "INVOICEPAY_STRIPE_KEY_FILE names nowhere, which is not there. Store it with `invoicepay "
    "config stripe`, or name a file of mode 0600 that holds it with INVOICEPAY_STRIPE_KEY_FILE."
)
def key_missing(company: DemoCompany) -> Result:
    make_live_ledger(company)
    return company.run("sync --ledger live.db", INVOICEPAY_STRIPE_KEY_FILE="nowhere")


@says(
    "this machine has no keyring. Unlock or install a keyring, or use `invoicepay login "
    "--insecure-storage` (a file that only you can read), or set INVOICEPAY_TOKEN."
)
def keyring_unavailable(company: DemoCompany) -> Result:
    return company.run(LOGIN, company.passwords["customer"])


@says(
    "no ledger at {folder}/nowhere.db. Make one with `invoicepay init`, try `invoicepay demo`, or "
    "name it with --ledger."
)
def ledger_missing(company: DemoCompany) -> Result:
    return company.run("invoices list --ledger nowhere.db")


@says(
    "the ledger {folder}/ledger.db is damaged: {any}. Let nobody pay. `invoicepay doctor` says "
    "what is wrong, `invoicepay restore BACKUP` puts a backup in its place."
)
def ledger_damaged(company: DemoCompany) -> Result:
    cut_to(company.ledger, 0.5)
    return company.run("pay INV-1042 --yes")


@says(
    "somebody is using {folder}/ledger.db. Nothing was changed. Stop cron and everybody, then run "
    "it again."
)
def ledger_in_use(company: DemoCompany) -> Result:
    finance = company.as_("finance")
    assert finance.run("backup saved.db").exit_code == 0
    with closing(sqlite3.connect(company.ledger)) as somebody:
        somebody.execute("SELECT * FROM invoices").fetchone()
        return finance.run("restore saved.db --yes")


@says(
    "{folder}/ledger.db and its log ledger.db-wal are not of one ledger: one of them was replaced "
    "without the other. Nothing was done. `invoicepay restore BACKUP` puts a backup in place of "
    "both, and keeps them."
)
def ledger_mixed(company: DemoCompany) -> Result:
    """Somebody copies a backup over a ledger that a killed process had open."""
    assert company.as_("finance").run("backup saved.db").exit_code == 0
    assert company.run("pay INV-1042 --yes").exit_code == 0
    leave_log(company.ledger)
    shutil.copy(company.folder / "saved.db", company.ledger)
    return company.run("pay INV-1042 --yes")


@says(
    "{folder}/ledger.db was written by a newer invoicepay (schema 99, this is {size}). Upgrade "
    "invoicepay on this machine."
)
def ledger_newer(company: DemoCompany) -> Result:
    company.edit("PRAGMA user_version = 99")
    return company.run("invoices list")


@says(
    "{folder}/ledger.db was replaced or moved away while this command ran. Nothing of this was "
    "written. Run it again."
)
def ledger_replaced(company: DemoCompany) -> Result:
    with company.at_terminal("pay INV-1042") as asked:
        asked.wait_for("[y/N] ")
        company.ledger.rename(company.folder / "moved.db")
        shutil.copy(company.folder / "moved.db", company.ledger)
        asked.say("y")
        result = asked.end()
    return after_the_question(result)


@says(
    "the ledger {folder}/invoicepay.toml cannot be used: file is not a database. Name the "
    "ledger with --ledger or INVOICEPAY_LEDGER."
)
def ledger_unusable(company: DemoCompany) -> Result:
    return company.run("invoices list --ledger invoicepay.toml")


@says(
    "cannot read {folder}/ledger.db/{uuid}.secret: Not a directory. Check that it is yours and "
    "readable."
)
def secret_unreadable(company: DemoCompany) -> Result:
    config = company.folder / "invoicepay.toml"
    config.write_text(config.read_text() + 'secrets = "ledger.db"\n')
    return company.run("invoices list")


@says(
    "invoicepay.toml/INV-1042.pdf cannot be written: File exists. Nothing was left there. Name "
    "another place, or check the folder and the disk."
)
def write_failed(company: DemoCompany) -> Result:
    return company.run("invoices pdf INV-1042 --dir invoicepay.toml")


# --- 11: does not tie out -----------------------------------------------------------------------


@says(
    "1 figure(s) do not tie out; first: reserved on INV-1042 is 5, should be 0. "
    "`invoicepay doctor --fix` computes it again."
)
def books_differ(company: DemoCompany) -> Result:
    company.edit("UPDATE invoices SET reserved_minor = 5 WHERE number = 'INV-1042'")
    return company.as_("finance").run("doctor")


@says(
    "1 thing(s) differ from the journal; first: memo of invoice INV-1042. Let nobody pay; "
    "put the last backup that verifies in place: `invoicepay restore BACKUP`."
)
def journal_differs(company: DemoCompany) -> Result:
    company.edit("UPDATE invoices SET memo = 'x' WHERE number = 'INV-1042'")
    return company.as_("finance").run("audit verify")


# --- What several of them need ------------------------------------------------------------------


def import_invoices(company: DemoCompany, *rows: str) -> Result:
    """Import `rows`: number, customer, issued_on, total, currency."""
    header = "number,customer,issued_on,total,currency"
    (company.folder / "rows.csv").write_text("\n".join([header, *rows, ""]))
    return company.as_("finance").run("import invoices rows.csv")


def make_live_ledger(company: DemoCompany) -> None:
    """A copy of the demo's ledger that says it is live, with finance's session in it."""
    shutil.copy(company.ledger, company.folder / "live.db")
    with closing(sqlite3.connect(company.folder / "live.db")) as ledger, ledger:
        ledger.execute("DROP TRIGGER ledger_is_for_good")
        ledger.execute("UPDATE ledger SET mode = 'live'")
        ledger.execute("UPDATE contacts SET role = 'admin' WHERE email LIKE 'dana@%'")


def after_the_question(result: Result) -> Result:
    """Without the question, which the answer of a person ends on a real terminal."""
    return Result(result.exit_code, result.stdout, result.stderr.partition("[y/N] ")[2])
