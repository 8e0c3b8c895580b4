"""`invoicepay init`"""

from __future__ import annotations

from typing import Annotated

import typer

from invoicepay.cli.new_app import AsksForSecrets, new_app
from invoicepay.cli.state import state_of

app = new_app()


@app.command(cls=AsksForSecrets)
def init(
    context: typer.Context,
    company: Annotated[str, typer.Option(metavar="NAME", help="Who bills.")],
    admin_email: Annotated[str, typer.Option(metavar="E", help="The first admin.")],
    company_email: Annotated[
        str, typer.Option(metavar="E", help="Where e-mail to customers is from.")
    ] = "",
    live: Annotated[bool, typer.Option("--live", help="For real money.")] = False,
    test: Annotated[
        bool, typer.Option("--test", help="For Stripe's test mode, with a test key.")
    ] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the admin's password from stdin.")
    ] = False,
) -> None:
    """Make a ledger: one company, one file. It is for a practice bank on this machine (a sandbox),
    with --test for Stripe's test mode, with --live for real money; for good."""
    from shlex import quote

    from invoicepay.billing.customer import Company
    from invoicepay.billing.errors import Usage
    from invoicepay.billing.identity import Mode
    from invoicepay.billing.text import NAME_LENGTH, check_text
    from invoicepay.cli.prompts import Secrets, ask, can_ask
    from invoicepay.operations.mailing.address import check_email, readable
    from invoicepay.wiring.ledgers import check_new_ledger, create_ledger

    if live and test:
        raise Usage("usage", "use only one of --live, --test")
    mode = Mode.LIVE if live else Mode.TEST if test else Mode.SANDBOX
    state = state_of(context)
    check_new_ledger(state.settings)
    name, email = (
        check_text(company, "the company's name", longest=NAME_LENGTH),
        check_email(admin_email),
    )
    if not company_email and can_ask() and not password_stdin:
        company_email = ask(
            "E-mail address of the company, which receipts are from (Enter for none)",
            "--company-email",
        )
    biller = Company(name=name, email=check_email(company_email) if company_email else "")
    password = Secrets(password_stdin).new(f"Password for {readable(email)}")
    create_ledger(state.settings, biller, admin_email=email, admin_password=password, mode=mode)
    record = {
        "ledger": str(state.settings.ledger),
        "ledger_id": state.local.identity.id,
        "mode": mode.value,
        "livemode": mode.livemode,
        "admin": email,
        "company_email": biller.email,
    }
    state.out.one(record, lambda: state.out.text(f"Made {state.settings.ledger} ({mode})."))
    with_ledger = f" --ledger {quote(str(state.ledger))}" if state.ledger else ""
    state.out.note(f"Next: invoicepay login --email {email}{with_ledger}")
    if not biller.email:
        state.out.note(
            f"Then: invoicepay company set --email ADDRESS{with_ledger}    "
            "(receipts are sent from it)"
        )
    then = "import customers FILE" if mode is Mode.SANDBOX else "config stripe"
    state.out.note(f"Then: invoicepay {then}{with_ledger}")
