"""Every secret gets a value that can be recognised, every command that touches one is run, also
where it fails, with all logging switched on; and then no value stands anywhere it should not.

Always with --debug, which only adds to what is said without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from invoicepay.sandbox.faults import add_fault, clear_faults
from tests.proofs.secrets.canaries import leaks
from tests.proofs.secrets.conftest import MailServer
from tests.proofs.secrets.watching import Watch, can_trace
from tests.world import program
from tests.world.false_stripe import ANSWERS, FalseStripe, redirect
from tests.world.live import add_an_invoice_and_a_card
from tests.world.ports import free_port
from tests.world.program import DemoCompany, Desk
from tests.world.served import lead_to, served
from tests.world.tls import Certificate

AROUND_THE_PROGRAM = Path(__file__).parents[2] / "world" / "program_under_test"
WORKING, NULL = "keyrings_under_test.Working", "keyring.backends.null.Keyring"


def verbose(*, started: bool) -> dict[str, str]:
    """All logging. The SDK reads its own variable while it is imported, and so says nothing more in
    a program that is not `started` for each run."""
    stripes = {"STRIPE_LOG": "debug"} if started or program.starts_each else {}
    return {"LOG_EVERYTHING": "1", "PYTHONPATH": str(AROUND_THE_PROGRAM), **stripes}


FAILING = {"KEYRING_FAILS": "1"}

WAYS = [
    pytest.param("--debug --json", False, id="json"),
    pytest.param(
        "--debug",
        True,
        id="table, traced",
        marks=[
            pytest.mark.skipif(not can_trace(), reason="needs strace"),
            pytest.mark.middle,
        ],
    ),
]


@pytest.mark.parametrize(
    ("options", "traced", "mode"),
    [
        pytest.param(
            *way.values,
            mode,
            id=f"{way.id}-{mode}",
            marks=way.marks,
        )
        for way in WAYS
        for mode in ("live", "test")
    ],
)
def test_a_ledger_with_a_key(
    options: str,
    traced: bool,
    mode: str,
    desk: Desk,
    tmp_path: Path,
    traces: Path,
    bank: FalseStripe,
    stripes: Certificate,
) -> None:
    ways = verbose(started=traced) | {
        "INVOICEPAY_CONFIG": "invoicepay.toml",
        "KEYRING_UNDER_TEST": str(tmp_path / "keyring.json"),
        "STRIPE_IS_AT": str(bank.port),
        "STRIPE_AUTHORITY": str(stripes.file),
    }
    watch = Watch(Desk(desk.folder, desk.home, ways), options, traces if traced else None)
    settings = 'ledger = "live.db"\nsecrets = "kept"\n'
    (desk.folder / "invoicepay.toml").write_text(f'{settings}[keyring]\nbackend = "{WORKING}"\n')
    (desk.folder / "untrusting.toml").write_text(settings)
    get_in(watch, tmp_path, mode)
    hand_out(watch)
    use_the_key(watch, bank, mode)
    leave(watch)
    assert watch.leaks() == []
    assert watch.children() == []


ADMIN = "owner@lantern.example"
LOGIN = f"login --email {ADMIN} --password-stdin"


def get_in(watch: Watch, tmp_path: Path, mode: str) -> None:
    """init, login and passwd, and how each can fail."""
    first, second = "Vellum/quartz+7 owls%", "Marble&otters=9 kites?"
    watch.secrets |= {"first password": first, "second password": second}
    watch.secrets["weak password"] = weak = "password1234"
    watch.secrets["wrong password"] = wrong = "Gravel;badgers#3 hums"
    init = f"init --company Lantern --admin-email {ADMIN} --{mode} --password-stdin"
    watch.run(init, weak, exits=7)
    watch.run(init, first)
    watch.run(init, first, exits=7)
    watch.run(LOGIN, wrong, exits=4)
    watch.run(LOGIN, first, exits=10, given=FAILING)
    untrusting = {"INVOICEPAY_CONFIG": "untrusting.toml"}
    for name, code in ((NULL, 7), (WORKING, 10)):
        watch.run(LOGIN, first, exits=code, given={"PYTHON_KEYRING_BACKEND": name, **untrusting})
    watch.run(LOGIN, first)
    (watch.secrets["session in the keyring"],) = re.findall(
        r': "([\w-]{43})"', (tmp_path / "keyring.json").read_text()
    )
    watch.run("whoami")
    watch.run("whoami", exits=10, given=FAILING)
    watch.run("passwd --password-stdin", wrong, second, exits=4)
    watch.run("passwd --password-stdin", first, weak, exits=7)
    watch.run("passwd --password-stdin", first, second)
    watch.run(f"{LOGIN} --insecure-storage", second)
    watch.secrets["session in a file"] = session_of(watch)


def session_of(watch: Watch) -> str:
    (file,) = (watch.desk.folder / "kept").glob("*.secret")
    return file.read_text().strip()


def hand_out(watch: Watch) -> None:
    """A script's token and an invite code, each shown once and then used."""
    made = watch.run("tokens create nightly", shows=("token",)).stdout
    (token,) = re.findall(r"invoicepay_[\w-]+", made)
    watch.secrets["token"] = token.removeprefix("invoicepay_")
    for command in ("whoami", "tokens list", "config show"):
        watch.run(command, given={"INVOICEPAY_TOKEN": token})
    watch.run("tokens create another", exits=4, given={"INVOICEPAY_TOKEN": token})
    for bad in (f"{token}x", f"{token}\udcff", f"Bearer {token}"):
        watch.run("whoami", exits=4, given={"INVOICEPAY_TOKEN": bad})
    watch.run("whoami", given={"INVOICEPAY_TOKEN": f" {token} "})
    invited = watch.run(
        "contacts invite new@lantern.example --role finance", shows=("code", "code, plain")
    ).stdout
    (code,) = re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", invited)
    watch.secrets |= {"code": code, "code, plain": code.replace("-", "")}
    watch.secrets["invited password"] = chosen = "Copper~lanterns@5 sing"
    redeem = "login --invite --password-stdin --insecure-storage"
    other = {"INVOICEPAY_CONFIG": "other.toml"}
    (watch.desk.folder / "other.toml").write_text('ledger = "live.db"\nsecrets = "other"\n')
    watch.run(redeem, code, watch.secrets["weak password"], exits=7, given=other)
    watch.run(redeem, code, exits=2, given=other)
    watch.run(redeem, code, chosen, given=other)
    watch.run(redeem, code, chosen, exits=4, given=other)
    watch.run("contacts list")


def use_the_key(watch: Watch, bank: FalseStripe, mode: str) -> None:
    """The gateway's key, out of the keyring and out of a file, and whatever may answer it."""
    folder = watch.desk.folder
    store = "config stripe --password-stdin"
    watch.secrets["key in the keyring"] = kept = f"sk_{mode}_51KeyringCanaryQ7"
    watch.secrets["key in a file"] = filed = f"rk_{mode}_51FileCanaryZ9"
    other = {"live": "test", "test": "live"}[mode]
    watch.secrets["key of the other mode"] = wrong = f"sk_{other}_51NotTheRightKind"
    watch.run("sync", exits=10)
    watch.run(store, wrong, exits=2)
    watch.run(store, f"{kept} {filed}", exits=8)
    watch.run(store, kept, exits=10, given=FAILING)
    watch.run(store, kept)
    watch.run("sync", exits=10, given=FAILING)
    (folder / "key.secret").write_text(f"{filed}\n")
    (folder / "key.secret").chmod(0o600)
    (folder / "two.secret").write_text(f"{kept} {filed}\n")
    (folder / "two.secret").chmod(0o600)
    (folder / "open.secret").write_text(filed)
    (folder / "open.secret").chmod(0o644)
    add_an_invoice_and_a_card(watch.desk.folder / "live.db", watch.run)
    named = {"INVOICEPAY_STRIPE_KEY_FILE": "key.secret"}
    for key, variables in ((kept, {}), (filed, named)):
        for name in ("nothing there", "401", "HTML", "key repeated", "key repeated in a page"):
            bank.behaves = ANSWERS[name]
            watch.run("sync", exits=10, given=variables)
        bank.behaves = ANSWERS["key repeated"]
        watch.run("pay A-1 --method card-1 --yes", exits=10, given=variables)
        watch.run("doctor", exits=9, given=variables)
        bank.behaves = redirect(307, "http://localhost:1")
        watch.run("doctor", exits=9, given=variables)
        bank.behaves = ANSWERS["account"]
        watch.run("doctor", given=variables)
        assert bank.asked[-1].authorization == f"Bearer {key}"
        watch.run("config stripe --account acct_2", exits=10, given=variables)
        watch.run("config stripe --account acct_1", given=variables)
        bank.behaves = ANSWERS["403"]
        watch.run("config stripe --account acct_1", exits=10, given=variables)
        watch.run("config show", given=variables)
    for file, code in (("two", 10), ("open", 7), ("none", 10)):
        watch.run("sync", exits=code, given={"INVOICEPAY_STRIPE_KEY_FILE": f"{file}.secret"})


def leave(watch: Watch) -> None:
    """A ledger that cannot be used, and logout."""
    (watch.desk.folder / "junk.db").write_bytes(b"not a database at all" * 99)
    password = watch.secrets["second password"]
    for command in ("whoami", "doctor", "sync", "config stripe --password-stdin"):
        watch.run(f"{command} --ledger junk.db", password, exits=10)
        watch.run(f"{command} --ledger none.db", password, exits=10)
    watch.run(f"{LOGIN} --ledger junk.db", password, exits=10)
    watch.run("backup copy.db")
    watch.run("logout")
    watch.run("whoami", exits=4)


@pytest.mark.parametrize(("options", "traced"), WAYS)
def test_a_sandbox_ledger_and_its_mail(
    options: str,
    traced: bool,
    company: DemoCompany,
    traces: Path,
    mail_server: Callable[[str], MailServer],
    localhost: Certificate,
) -> None:
    watch = Watch(
        Desk(
            company.folder,
            company.home,
            {**company.variables, **verbose(started=traced)},
        ),
        options,
        traces if traced else None,
        {f"password of {role}": password for role, password in company.passwords.items()},
    )
    watch.secrets["session"] = company.session.read_text().strip()
    send_mail(watch, mail_server, localhost)
    for fault in ("not_json", "redirect_307", "cut_body"):
        add_fault(company.sandbox, "GET /v1/**", fault, times=9)
        watch.run("sync", exits=10)
        clear_faults(company.sandbox)
    watch.run("invoices pdf --open --zip all.zip")
    watch.run("logout")
    assert watch.leaks() == []
    assert watch.children() == []
    assert b"_secret_" not in watch.said()  # what a browser may confirm an intent with
    assert b"sk_test_" not in watch.said()  # the key of each command's own practice bank
    for path in company.folder.glob("ledger.db*"):
        assert not re.search(rb"sk_test_|(?i:authorization)", path.read_bytes())


def test_a_served_practice_bank(company: DemoCompany) -> None:
    variables = {**company.variables, **verbose(started=True)}
    watch = Watch(Desk(company.folder, company.home, variables), "--debug")
    with served(watch.desk, "--port 0 --debug") as server:
        file = server.key_file(company.ledger)
        watch.secrets["key"] = file.read_text().strip()
        lead_to(company.folder / "invoicepay.toml", server.url)
        watch.run("pay INV-1042 --method card --yes")
        for fault in ("not_json", "redirect_307", "cut_body", "lose_answer"):
            add_fault(company.sandbox, "GET /v1/**", fault, times=9)
            watch.run("sync", exits=10)
            clear_faults(company.sandbox)
        watch.run("config show")
        server.end()
    assert watch.leaks() == []
    assert leaks(watch.secrets, (server.output + server.errors).encode()) == []


def send_mail(
    watch: Watch, mail_server: Callable[[str], MailServer], localhost: Certificate
) -> None:
    """The mail of a payment, over SMTP with a password, and how that can fail."""
    watch.secrets["mail password"] = password = "Smtp/canary+42%word"
    watch.secrets["wrong mail password"] = wrong = "Wrong/canary+42%word"
    server, nobody = mail_server(password), free_port()
    config = watch.desk.folder / "invoicepay.toml"
    file = watch.desk.folder / "mail" / "smtp.secret"
    file.parent.mkdir()
    file.touch(0o600)

    def sync(
        port: int = server.port,
        says: str = "",
        word: str = wrong,
        exits: int = 9,
        command: str = "sync",
    ) -> None:
        config.write_text(
            'ledger = "ledger.db"\noutbox = "outbox"\n[smtp]\nhost = "localhost"\n'
            f'port = {port}\nuser = "billing"\npassword_file = "mail/smtp.secret"\n'
            f'sender = "billing@tidewheel.example"\nca_file = "{localhost.file}"\n'
        )
        server.says = says
        file.write_text(word)
        watch.run("sandbox clock advance 8h")  # then what was not sent is tried again
        watch.run(command, exits=exits)

    sync(command="pay INV-1042 --method card --yes", exits=0)
    for says in ("535 5.7.8 not accepted: {sent}", "500 what is AUTH PLAIN {sent}", "421 {sent}"):
        sync(says=says)
    sync()
    sync(port=nobody, word=password)
    file.chmod(0o644)
    sync(word=password)
    file.chmod(0o600)
    watch.run("config show")
    for command in ("mail list", "mail list --json", "mail send"):
        watch.run(command, exits=9 if command == "mail send" else 0)
    sync(command="mail send --now")
    assert server.received == 0
    sync(word=password, exits=0)
    assert server.received == 2  # the payer, and the customer
