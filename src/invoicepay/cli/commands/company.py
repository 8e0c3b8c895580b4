"""`invoicepay company …`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import State, state_of

if TYPE_CHECKING:
    from invoicepay.billing.customer import Company

app = new_app(group=True)

Text = Optional[str]  # noqa: UP045 - typer reads it at run time
_LOGO_LIMIT = 4 << 20


@app.command()
def show(context: typer.Context) -> None:
    """Show the company as invoices print it."""
    from invoicepay.operations.company import ShowCompany

    state = state_of(context)
    _answer(state.call(ShowCompany()).company, state)


@app.command("set")
def set_(
    context: typer.Context,
    name: Annotated[Text, typer.Option()] = None,
    address: Annotated[
        Text, typer.Option(metavar="LINES", help="Lines, separated by ' / '.")
    ] = None,
    email: Annotated[Text, typer.Option(help="For customers' questions.")] = None,
    phone: Annotated[Text, typer.Option()] = None,
    website: Annotated[Text, typer.Option()] = None,
    tax_id: Annotated[Text, typer.Option()] = None,
    time_zone: Annotated[
        Text, typer.Option(metavar="ZONE", help="IANA name; dates are dates there.")
    ] = None,
    currency: Annotated[Text, typer.Option(metavar="X")] = None,
    terms: Annotated[Text, typer.Option(help="Printed at the foot of invoices.")] = None,
    remit_to: Annotated[Text, typer.Option(help="How to pay other than through here.")] = None,
    logo: Annotated[Optional[str], typer.Option(metavar="FILE", help="PNG or JPEG.")] = None,  # noqa: UP045
) -> None:
    """Change what the company says of itself."""
    from invoicepay.billing.customer import Address
    from invoicepay.operations.company import SetCompany

    state = state_of(context)
    state.local.app.check(SetCompany)  # before any file is opened
    company = state.call(
        SetCompany(
            name=name,
            address=None if address is None else Address(tuple(address.split(" / "))),
            email=email,
            phone=phone,
            website=website,
            tax_id=tax_id,
            time_zone=time_zone,
            currency=currency,
            terms=terms,
            remit_to=remit_to,
            logo=_read_logo(Path(logo)) if logo else b"" if logo == "" else None,
        )
    )
    _answer(company, state)


def _read_logo(path: Path) -> bytes:
    from invoicepay.billing.errors import BadInput

    try:
        if not path.is_file():
            raise BadInput("bad_file", f"{path} is not a file", "Name a PNG or JPEG.")
        with path.open("rb") as file:
            content = file.read(_LOGO_LIMIT)
        if not content:
            raise BadInput("bad_file", f"{path} is empty", "Name a PNG or JPEG.")
        return content
    except OSError as error:
        what = f"{path} cannot be read: {error.strerror}"
        raise BadInput("bad_file", what, "Name a PNG or JPEG.") from error


def _answer(company: Company, state: State) -> None:
    from invoicepay.cli.show.company import COMPANY, company_facts

    state.out.one(COMPANY(company), lambda: state.out.facts(company_facts(company)))
