"""Every command, who may run it, and what it answers: about the asker's own, and about what is
not there, which is what is read about another's too."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter

from tests.proofs.rights.company import NEW_PASSWORD, PASSWORD

Outcome = tuple[int, str]
"""The exit code and, where it is not 0, the error's code."""

OK: Outcome = (0, "")
NOT_FOUND: Outcome = (5, "not_found")
NOT_ALLOWED: Outcome = (4, "not_allowed")

ANYBODY = frozenset({"nobody", "disabled", "revoked", "expired", "script"})
SIGNED_IN = frozenset({"script", "customer", "finance", "admin"})
STAFF = frozenset({"finance", "admin"})
ADMIN = frozenset({"admin"})
PUBLIC = ANYBODY | SIGNED_IN

PERSONAL = {"login", "code", "token", "token_beginning", "key"}
"""What belongs to one person: another's reads like nobody's to finance and admin, too."""


@dataclass(frozen=True)
class Row:
    """One use of a command. In `command`, `stdin` and `files`, `{kind}` is the thing that varies
    (at most one kind) and `{own[kind]}` one of the asker's own; kinds are those of Office.named."""

    command: str
    may: frozenset[str]
    own: Outcome = OK
    absent: Outcome = NOT_FOUND
    """Also for what is another's."""
    staff: Outcome | None = None
    """What finance and admin read about another's; as about their own unless given."""
    script: Outcome | None = None
    """For the customer's token, where it may do less than its owner."""
    stranger: Outcome | None = None
    """For those who are let in nowhere, where that is not a refusal."""
    stdin: str = ""
    files: tuple[str, ...] = ()
    """What is written when it goes well."""

    @property
    def kind(self) -> str:
        kinds = {name for _, name, _, _ in Formatter().parse(self.command + self.stdin) if name}
        kinds = {name for name in kinds if not name.startswith("own[")}
        assert len(kinds) <= 1, self
        return kinds.pop() if kinds else ""

    def expected(self, role: str) -> Outcome:
        """What `role` reads about its own."""
        if role in ("nobody", "disabled", "revoked", "expired") and "nobody" not in self.may:
            code = "not_logged_in" if role == "nobody" else "session_expired"
            return self.stranger or (4, code)
        if role not in self.may:
            return NOT_ALLOWED
        return (self.script if role == "script" else None) or self.own


COMMANDS_TABLE: tuple[Row, ...] = (
    # Without a session
    Row("demo --dir .", PUBLIC, (7, "already_exists")),
    Row("completion bash", PUBLIC),
    Row(
        "init --company New --admin-email a@new.example --password-stdin --ledger new.db",
        PUBLIC,
        stdin=f"{NEW_PASSWORD}\n",
        files=("new.db",),
    ),
    Row(
        "login --email {login} --password-stdin --insecure-storage --config nobody.toml",
        PUBLIC,
        absent=(4, "login_failed"),
        stdin=f"{PASSWORD}\n",
    ),
    Row(
        "login --invite --password-stdin --insecure-storage --config nobody.toml",
        PUBLIC,
        absent=(4, "invite_invalid"),
        stdin="{code}\n" + NEW_PASSWORD + "\n",
    ),
    Row("config show", PUBLIC),
    Row("config stripe --password-stdin", PUBLIC, (2, "usage"), stdin="sk_live_0\n"),
    Row("config stripe --account acct_1", STAFF, (10, "gateway_mismatch")),
    Row("sandbox serve --port {own[busy]}", PUBLIC, (2, "usage")),
    Row("sandbox clock show", PUBLIC),
    Row("sandbox clock advance 1h", PUBLIC),
    # Oneself
    Row("whoami", SIGNED_IN),
    Row("logout", SIGNED_IN, script=NOT_ALLOWED, stranger=OK),
    Row(
        "passwd --password-stdin",
        SIGNED_IN,
        script=NOT_ALLOWED,
        stdin=f"{PASSWORD}\n{NEW_PASSWORD}\n",
    ),
    Row("passwd --password-stdin --debug", SIGNED_IN, (2, "input_needed")),  # not asked in vain
    Row("tokens create nightly", SIGNED_IN, script=NOT_ALLOWED),
    Row("tokens list --all", SIGNED_IN),
    Row("tokens revoke {token}", SIGNED_IN),
    Row("tokens revoke {token_beginning}", SIGNED_IN),
    # People and customers
    Row("contacts list", STAFF),
    Row("contacts list --customer {customer}", STAFF),
    Row("contacts invite {own[email]}x --customer {customer}", STAFF),
    Row("contacts invite {email} --customer {own[customer]}", STAFF, absent=OK),
    Row("contacts disable {email}", STAFF),
    Row("customers list", SIGNED_IN),
    Row("customers show {customer}", SIGNED_IN),
    # Invoices
    Row("invoices list --all", SIGNED_IN),
    Row("invoices list --all --customer {customer}", SIGNED_IN),
    Row("invoices show {invoice}", SIGNED_IN),
    Row("invoices pdf {invoice}", SIGNED_IN, files=("{invoice}.pdf",)),
    Row("invoices pdf {own[invoice]} {invoice}", SIGNED_IN, files=("{invoice}.pdf",)),
    Row("invoices pdf {own[invoice]} {invoice} --zip a.zip", SIGNED_IN, files=("a.zip",)),
    Row("invoices pdf {invoice} --dir new/er", SIGNED_IN, files=("new/er/{invoice}.pdf",)),
    Row("invoices pdf {invoice} --stdout", SIGNED_IN),
    Row("invoices pdf --open {invoice} --zip a.zip", SIGNED_IN, files=("a.zip",)),
    Row("invoices pdf --paid --customer {customer} --zip a.zip", SIGNED_IN, files=("a.zip",)),
    # Methods
    Row("methods list", SIGNED_IN),
    Row("methods list --customer {customer}", SIGNED_IN),
    Row("methods default {method}", SIGNED_IN),
    Row("methods remove {method} --yes", SIGNED_IN),
    Row("sandbox attach pm_card_visa --customer {customer}", SIGNED_IN),
    # Paying
    Row("pay {invoice} --yes", SIGNED_IN),
    Row("pay {invoice} --dry-run", SIGNED_IN),
    Row("pay {invoice} --amount {invoice}=1.00 --yes", SIGNED_IN),
    Row(
        "pay {own[invoice]} {invoice} --yes",
        SIGNED_IN,
        staff=(2, "ambiguous_selection"),
    ),
    Row(
        "pay {own[invoice]} --amount {invoice}=1.00 --yes",
        SIGNED_IN,
        absent=(2, "usage"),
        staff=(2, "usage"),
    ),
    Row("pay {invoice} --currency EUR --yes", SIGNED_IN, (2, "ambiguous_selection")),
    Row("pay {invoice} --expect-total 1.00 --yes", SIGNED_IN, (7, "total_differs")),
    Row("pay {invoice} --customer {own[customer]} --yes", SIGNED_IN, staff=NOT_FOUND),
    Row("pay {own[invoice]} --customer {customer} --yes", SIGNED_IN, staff=NOT_FOUND),
    Row("pay --open --customer {customer} --expect-total 1 --yes", SIGNED_IN, (7, "total_differs")),
    Row("pay --overdue --customer {customer} --dry-run", SIGNED_IN),
    Row("pay {own[invoice]} --method {method} --yes", SIGNED_IN, staff=NOT_FOUND),
    Row("pay {own[paid]} --key {key} --yes", SIGNED_IN, absent=(7, "already_paid")),
    Row("pay {own[invoice]} --key {key} --yes", SIGNED_IN, (7, "key_reused"), absent=OK),
    Row("pay {own[invoice]} --key {key} --dry-run", SIGNED_IN, (7, "key_reused"), absent=OK),
    # Payments
    Row("payments list", SIGNED_IN),
    Row("payments list --customer {customer}", SIGNED_IN),
    Row("payments show {payment}", SIGNED_IN),
    Row("payments show {beginning}", SIGNED_IN),
    Row("payments show {receipt}", SIGNED_IN),
    Row("payments receipt {payment}", SIGNED_IN, files=("{own[receipt]}.pdf",)),
    Row("payments receipt {beginning} --dir new", SIGNED_IN, files=("new/{own[receipt]}.pdf",)),
    Row("payments receipt {receipt} --stdout", SIGNED_IN),
    Row("payments cancel {payment}", SIGNED_IN, (7, "not_cancelable")),
    Row("payments cancel {beginning}", SIGNED_IN, (7, "not_cancelable")),
    Row("payments cancel {receipt}", SIGNED_IN, (7, "not_cancelable")),
    Row("payments cancel {held}", SIGNED_IN),
    Row("sync", SIGNED_IN),
    # E-mail
    Row("mail list", SIGNED_IN),
    Row("mail list --sent", SIGNED_IN),
    Row("mail list --all --payment {payment}", SIGNED_IN),
    Row("mail list --all --payment {beginning}", SIGNED_IN),
    Row("mail list --all --payment {receipt}", SIGNED_IN),
    Row("mail send", SIGNED_IN),
    Row("mail send --now", SIGNED_IN),
    Row("mail send {payment}", SIGNED_IN),
    Row("mail send {beginning}", SIGNED_IN),
    Row("mail send {receipt}", SIGNED_IN),
    Row("mail send {payment}.received", SIGNED_IN),  # it was sent: nothing is owed
    Row("mail discard {payment}", STAFF),
    Row("mail discard {beginning}", STAFF),
    Row("mail discard {payment}.received", STAFF),
    # The company
    Row("import customers customers.csv", STAFF),
    Row("import customers missing.csv", STAFF, NOT_FOUND),
    Row("import customers customers.csv --mapping missing.toml", STAFF, NOT_FOUND),
    Row("company show", SIGNED_IN),
    Row("company set --phone 555", ADMIN),
    Row("company set --logo missing.png", ADMIN, (8, "bad_file")),
    Row("doctor", STAFF, stranger=(9, "partly_done")),
    Row("doctor --fix", STAFF, stranger=(9, "partly_done")),
    Row("doctor --all", STAFF, stranger=(9, "partly_done")),
    Row("audit list", STAFF),
    Row("audit list --kind payment. --limit 3", STAFF),
    Row("audit head", STAFF),
    Row("audit verify", STAFF),
    Row("backup copy.db", STAFF, files=("copy.db",)),
    Row("backup customers.csv", STAFF, (7, "already_exists")),
    Row("restore saved.db --yes", STAFF),
    Row("restore customers.csv --yes", STAFF, (10, "ledger_unusable")),
    Row("restore", STAFF),
    Row("restore --confirm", STAFF),
)

NAMES_NOTHING = {
    "init": {"company", "company_email", "admin_email", "live", "test", "password_stdin"},
    "completion": {"shell"},
    "demo": {"dir"},
    "login": {"invite", "password_stdin", "insecure_storage"},
    "passwd": {"password_stdin"},
    "invoices list": {
        *{"open", "paid", "overdue", "all", "currency", "since", "until", "due_before"},
        *{"min", "max", "sort", "limit"},
    },
    "invoices pdf": {"open", "paid", "dir", "zip", "view", "stdout"},
    "pay": {
        *{"open", "overdue", "currency", "memo", "expect_total", "max_total", "wait", "timeout"},
        "allow_pending",
        "include_disputed",
        *{"dry_run", "yes"},
    },
    "methods remove": {"yes"},
    "payments list": {"since", "status", "limit"},
    "payments receipt": {"dir", "view", "stdout"},
    "mail list": {"all", "sent", "limit"},
    "mail send": {"now"},
    "contacts invite": {"role", "name", "mail"},
    "tokens create": {"label", "days"},
    "tokens list": {"all"},
    "import": {"kind", "file", "mapping", "preset", "dry_run", "update"},
    "company set": {
        *{"name", "address", "email", "phone", "website", "tax_id", "time_zone", "currency"},
        *{"terms", "remit_to", "logo"},
    },
    "config stripe": {"password_stdin", "account"},
    "backup": {"file"},
    "restore": {"backup", "confirm", "other_ledger", "receipts_from", "yes"},
    "doctor": {"fix", "every"},
    "audit list": {"since", "kind", "subject", "limit"},
    "audit verify": {"head"},
    "sandbox serve": {"port"},
    "sandbox attach": {"token", "label"},
    "sandbox clock advance": {"by"},
}
"""Parameters that name nothing that is somebody's. Every other must vary in a row."""
