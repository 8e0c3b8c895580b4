"""`invoicepay config …`"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from invoicepay.billing.errors import Usage
from invoicepay.cli.layout import Column
from invoicepay.cli.new_app import AsksForSecrets, new_app
from invoicepay.cli.records import Field, Record
from invoicepay.cli.state import State, state_of

app = new_app(group=True)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in force. Secrets are masked: only that there is one."""

    name: str
    value: str
    source: str


@app.command()
def show(context: typer.Context) -> None:
    """Show the settings in force and where each is from."""
    state = state_of(context)
    columns = [
        Column[Setting]("Setting", lambda s: s.name),
        Column[Setting]("Value", lambda s: s.value),
        Column[Setting]("From", lambda s: s.source),
    ]
    state.out.many(
        in_force(state),
        Record[Setting](
            Field("name", lambda s: s.name),
            Field("value", lambda s: s.value),
            Field("source", lambda s: s.source),
        ),
        columns,
        empty="",
    )


@app.command(cls=AsksForSecrets)
def stripe(
    context: typer.Context,
    account: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only say which account the key in use is of."),
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the key from stdin.")
    ] = False,
) -> None:
    """Store a test or live ledger's Stripe key in the keyring. It is asked for, never an
    argument.

    A restricted key may not say which account it is of. Then --account acct_… says it, once and
    for good, before the ledger's first customer is made there.
    """
    from invoicepay.billing.identity import Mode
    from invoicepay.cli.prompts import Secrets

    state = state_of(context)
    if account is not None:
        _bind(account, password_stdin, state)
        return
    if state.mode is Mode.SANDBOX:
        raise Usage(
            "usage",
            "a sandbox ledger uses no key",
            "It is for a ledger made with --test or --live.",
        )
    key = Secrets(password_stdin).get("Stripe secret key")
    state.local.store_gateway_key(key)
    state.out.note("Stored in the keyring. `invoicepay doctor` checks that the gateway takes it.")


def _bind(account: str, password_stdin: bool, state: State) -> None:
    from invoicepay.operations.company import BindAccount

    if password_stdin:
        raise Usage("usage", "--account takes no key", "Store the key first, without --account.")
    bound = state.call(BindAccount(account))
    state.out.one({"account": bound}, lambda: state.out.text(f"This ledger belongs to {bound}."))


def in_force(state: State) -> list[Setting]:
    """Every setting; secrets only as `set`."""
    import os

    settings = state.settings
    sources = settings.sources
    smtp, gateway = settings.smtp, settings.gateway
    mail = f"{smtp.host}:{smtp.port} ({smtp.security})" if smtp else ""
    shown = [
        Setting("config", str(settings.config), sources["config"]),
        Setting("ledger", str(settings.ledger), sources["ledger"]),
        Setting("outbox", str(settings.outbox), sources["outbox"]),
        Setting("secrets", str(settings.secrets), sources["secrets"]),
        Setting("smtp", mail or "none: e-mail goes to the outbox folder", sources["smtp"]),
        Setting(
            "gateway.proxy", gateway.proxy or "none: straight to Stripe", sources["gateway.proxy"]
        ),
        Setting("gateway.ca_file", gateway.ca_file or "the usual", sources["gateway.ca_file"]),
        Setting(
            "keyring.backend",
            settings.keyring_backend or "the machine's own",
            sources["keyring.backend"],
        ),
        Setting(
            "documents.fonts",
            ", ".join(map(str, settings.fonts)) or "those installed",
            sources["documents.fonts"],
        ),
        Setting("sandbox.url", settings.sandbox_url or "in each process", sources["sandbox.url"]),
    ]
    if settings.sandbox_key:
        shown.append(Setting("sandbox.key", "(in a file)", str(settings.sandbox_key)))
    if smtp and smtp.password_file:
        shown.append(Setting("smtp.password", "(in a file)", smtp.password_file))
    if gateway.proxy_user:
        shown.append(Setting("gateway.proxy_user", gateway.proxy_user, "file"))
        shown.append(Setting("gateway.proxy_password", "(in a file)", gateway.proxy_password_file))
    if settings.unused_proxy_variable:
        shown.append(
            Setting(settings.unused_proxy_variable, "(not used: see gateway.proxy)", "environment")
        )
    for name in ("INVOICEPAY_TOKEN", "INVOICEPAY_STRIPE_KEY_FILE"):
        if os.environ.get(name):
            value = "(set)" if name.endswith("TOKEN") else os.environ[name]
            shown.append(Setting(name, value, "environment"))
    return shown
