"""The demo's folder: the sample company in a sandbox ledger of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from invoicepay.billing.customer import Address, Company, Role
from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import Refused, Unreachable
from invoicepay.billing.identity import Mode
from invoicepay.demo.sample import CONTACT, CUSTOMER, FINANCE, Sample, materialise
from invoicepay.operations.app import App
from invoicepay.operations.company import SetCompany
from invoicepay.operations.identity.contacts import InviteContact
from invoicepay.operations.identity.invites import AcceptInvite
from invoicepay.operations.identity.login import LoggedIn, LogIn
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.methods import AttachTestMethod, SetDefaultMethod
from invoicepay.settings import Settings, load_settings
from invoicepay.system.files import write_whole
from invoicepay.wiring.ledgers import create_ledger
from invoicepay.wiring.local import Local

CONFIG = "invoicepay.toml"
_MARK = "# Made by `invoicepay demo`, which empties this folder when it runs again.\n"
ADMIN = "admin@tidewheel.example"
METHODS = (
    ("pm_card_visa", "Company card"),
    ("pm_usBankAccount_success", "Operating account"),
    ("pm_card_chargeCustomerFail", "A card that declines"),
    ("pm_usBankAccount_insufficientFunds", "A bank account whose debits come back"),
)
"""Test tokens, and labels that say what they do. The first of a type is its default."""


@dataclass(frozen=True, slots=True)
class Login:
    email: str
    password: str = field(repr=False)
    role: Role
    customers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoCompany:
    settings: Settings
    logins: tuple[Login, ...]


def prepare(folder: Path) -> DemoCompany:
    """Empty `folder`, if a demo made it, and set the sample company up in it; its customer's
    contact is logged in. Raises Refused for a folder that is somebody else's."""
    _make_room(folder)
    config = folder / CONFIG
    write_whole(config, f'{_MARK}ledger = "ledger.db"\noutbox = "outbox"\n'.encode())
    settings = load_settings(config=config, ledger=folder / "ledger.db", environ={})
    admin_password = Local(settings).ids.code()
    local = create_ledger(
        settings,
        Company(name="Demo"),
        admin_email=ADMIN,
        admin_password=admin_password,
        mode=Mode.SANDBOX,
    )
    with closing(local):
        return DemoCompany(settings, _fill(folder, local, admin_password))


def _fill(folder: Path, local: Local, admin_password: str) -> tuple[Login, ...]:
    """Fill the new ledger; the logins, the customer's contact first, who stays logged in."""
    ids = local.ids
    admin = _as(local, App(local, str).call(LogIn(ADMIN, admin_password)))
    sample = _set_up(folder, admin)
    finance_login = admin.call(InviteContact(FINANCE, role=Role.FINANCE))
    customer_login = admin.call(InviteContact(CONTACT, (CUSTOMER,)))
    logins = [Login(ADMIN, admin_password, Role.ADMIN, ())]
    for invited in (finance_login, customer_login):
        password = ids.code()
        logged_in = admin.call(AcceptInvite(invited.code, password))
        logins.append(Login(invited.email, password, logged_in.role, logged_in.customers))
    for kind, path in (("invoices", sample.invoices), ("payments", sample.payments)):
        admin.call(ImportRecords(kind, str(path)))
    # The last login stays: the customer's contact, in a file, since a demo needs no keyring.
    local.sessions.set(logged_in.token, insecure=True)
    _add_methods(_as(local, logged_in))
    return tuple(reversed(logins))


def _make_room(folder: Path) -> None:
    config = folder / CONFIG
    with _named_errors(folder):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise Refused("already_exists", f"{folder} is not a folder", "Name another with --dir.")
        if folder.is_dir() and any(folder.iterdir()):
            if not (config.is_file() and config.read_text("utf-8").startswith(_MARK)):
                raise Refused(
                    "already_exists",
                    f"{folder} is not empty, and no demo made it",
                    "Name another folder with --dir.",
                )
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def _named_errors(folder: Path) -> Iterator[None]:
    """The system's errors in our words."""
    try:
        yield
    except OSError as error:
        raise Unreachable(
            "write_failed", f"{folder} cannot be used: {error.strerror}", "Name another with --dir."
        ) from error


def _set_up(folder: Path, admin: App) -> Sample:
    today = local_date(datetime.now(UTC), "America/Los_Angeles")
    with _named_errors(folder):
        sample = materialise(today, folder / "import")
    profile = dict(sample.profile)
    address = Address(tuple(profile.pop("address")))
    admin.call(SetCompany(address=address, logo=sample.logo, **profile))  # type: ignore[arg-type]
    admin.call(ImportRecords("customers", str(sample.customers)))
    admin.call(ImportRecords("contacts", str(sample.contacts)))
    return sample


def _add_methods(customer: App) -> None:
    added = [customer.call(AttachTestMethod(CUSTOMER, token, label)) for token, label in METHODS]
    customer.call(SetDefaultMethod(added[0].id))


def _as(local: Local, logged_in: LoggedIn) -> App:
    return App(local, lambda: logged_in.token)
