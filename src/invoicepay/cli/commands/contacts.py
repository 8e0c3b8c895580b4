"""`invoicepay contacts …`"""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from invoicepay.billing.customer import Role
from invoicepay.billing.errors import PartlyDone
from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import state_of
from invoicepay.cli.times import day_text

app = new_app(group=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL")]


@app.command()
def invite(
    context: typer.Context,
    email: Email,
    customer: Annotated[
        Optional[list[str]], typer.Option(metavar="C", help="For whom they act; repeat it.")  # noqa: UP045
    ] = None,
    role: Annotated[Optional[Role], typer.Option(help="customer unless told otherwise.")] = None,  # noqa: UP045
    name: Annotated[str, typer.Option(metavar="N", help="The person's name.")] = "",
    mail: Annotated[bool, typer.Option("--mail", help="Send them the code by e-mail.")] = False,
) -> None:
    """Invite a person: prints a one-time code for `invoicepay login --invite`, or mails it.

    For somebody who is here already, the code sets a new password.
    """
    from invoicepay.operations.identity.contacts import InviteContact
    from invoicepay.operations.mailing.address import readable

    state = state_of(context)
    server = state.settings.smtp is not None
    invited = state.call(
        InviteContact(email, tuple(customer or ()), role, name, mail=mail and server)
    )
    record = {
        "email": invited.email,
        "role": invited.role.value,
        "customers": list(invited.customers),
        "code": "" if invited.mailed else invited.code,
        "expires_at": invited.expires_at.isoformat(timespec="seconds"),
        "reset": invited.reset,
        "was_disabled": invited.was_disabled,
        "mailed": invited.mailed,
    }
    who = readable(invited.email)
    done = f"The code is on its way to {who}." if invited.mailed else invited.code
    state.out.one(record, lambda: state.out.text(done))
    if invited.was_disabled:
        whom = f", for {', '.join(invited.customers)} only" if invited.customers else ""
        state.out.note(f"{who} was disabled, and is let in again{whom}.")
    day = day_text(invited.expires_at, state)
    until = f"it works once, until {day}: invoicepay login --invite"
    if invited.mailed:
        state.out.note(f"What is mailed: {until}")
        return
    state.out.note(f"Give this code to {who}; {until}")
    if mail:
        why = invited.not_mailed or "the settings name no mail server"
        hint = "" if server else " E-mail needs a [smtp] host in the settings file."
        raise PartlyDone(
            "partly_done",
            f"{who} is invited, but the code was not mailed: {why}",
            f"Give them the code above yourself.{hint}",
        )


@app.command("list")
def list_(
    context: typer.Context,
    customer: Annotated[Optional[str], typer.Option(metavar="C", help="Who act for one.")] = None,  # noqa: UP045
) -> None:
    """List the people who can log in."""
    from invoicepay.cli.show.contacts import CONTACT, CONTACT_COLUMNS
    from invoicepay.operations.identity.contacts import ListContacts

    state = state_of(context)
    state.out.many(state.call(ListContacts(customer)), CONTACT, CONTACT_COLUMNS, empty="nobody")


@app.command()
def disable(context: typer.Context, email: Email) -> None:
    """Shut a person out, at once: sessions, tokens, invites and password."""
    from invoicepay.cli.show.contacts import CONTACT
    from invoicepay.operations.identity.contacts import DisableContact
    from invoicepay.operations.mailing.address import readable

    state = state_of(context)
    contact = state.call(DisableContact(email))
    state.out.one(
        CONTACT(contact), lambda: state.out.text(f"{readable(contact.email)} is disabled.")
    )
