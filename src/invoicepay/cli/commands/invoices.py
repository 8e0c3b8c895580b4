"""`invoicepay invoices …`"""

# No `from __future__ import annotations`: typer evaluates text four times.
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from invoicepay.billing.errors import Usage
from invoicepay.billing.invoice import InvoiceFilter, InvoiceSort, InvoiceState
from invoicepay.billing.money import grouped_text
from invoicepay.cli import complete
from invoicepay.cli.days import first_day, last_day
from invoicepay.cli.new_app import new_app
from invoicepay.cli.parameters import OfCustomer
from invoicepay.cli.state import State, state_of

if TYPE_CHECKING:
    from decimal import Decimal

    from invoicepay.operations.invoices import InvoiceList

app = new_app(group=True)

Text = Optional[str]  # noqa: UP045 - typer reads it at run time


@app.command("list")
def list_(
    context: typer.Context,
    open: Annotated[bool, typer.Option("--open", help="With a balance (the default).")] = False,
    paid: Annotated[bool, typer.Option("--paid", help="Paid in full.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Open and past due.")] = False,
    all: Annotated[bool, typer.Option("--all", help="Every one.")] = False,
    customer: OfCustomer = None,
    currency: Annotated[Text, typer.Option(metavar="X", help="In one currency.")] = None,
    since: Annotated[Text, typer.Option(metavar="D", help="Issued on or after.")] = None,
    until: Annotated[Text, typer.Option(metavar="D", help="Issued on or before.")] = None,
    due_before: Annotated[Text, typer.Option(metavar="D", help="Due before.")] = None,
    min: Annotated[Text, typer.Option(metavar="A", help="Total at least.")] = None,
    max: Annotated[Text, typer.Option(metavar="A", help="Total at most.")] = None,
    sort: Annotated[
        InvoiceSort,
        typer.Option(
            metavar="KEY", help="due, issued, number, customer, total or balance; -KEY descends."
        ),
    ] = InvoiceSort.DUE,
    limit: Annotated[Optional[int], typer.Option(min=1, help="At most so many.")] = None,  # noqa: UP045
) -> None:
    """List invoices, open ones unless told otherwise."""
    from invoicepay.operations.invoices import ListInvoices

    state = state_of(context)
    selection = InvoiceFilter(
        state=one_state(open=open, paid=paid, overdue=overdue, all=all),
        customer=customer,
        currency=currency,
        issued_since=first_day(since, state),
        issued_until=last_day(until, state),
        due_before=first_day(due_before, state),
        min_total=_amount(min, currency),
        max_total=_amount(max, currency),
        sort=sort,
    )
    found = state.call(ListInvoices(selection, limit=limit, totals=state.out.for_people))
    _show_list(state, found)


@app.command()
def show(
    context: typer.Context,
    numbers: Annotated[
        list[str], typer.Argument(metavar="NUMBER...", autocompletion=complete.all_invoices)
    ],
) -> None:
    """Show invoices with their lines, payments and what is under way. As JSON one is an object,
    several are an array."""
    from invoicepay.cli.show.invoices import invoice_detail_record, print_invoice
    from invoicepay.operations.invoices import ShowInvoice

    state = state_of(context)
    shown = [state.call(ShowInvoice(number)) for number in dict.fromkeys(numbers)]

    def people() -> None:
        for at, each in enumerate(shown):
            if at:
                state.out.text()
            print_invoice(each.detail, each.today, state.out)

    with state.out.paged():
        details = [each.detail for each in shown]
        state.out.some(details, invoice_detail_record(shown[0].today), people)


@app.command()
def pdf(
    context: typer.Context,
    numbers: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="NUMBER...", autocompletion=complete.all_invoices),
    ] = None,
    open: Annotated[bool, typer.Option("--open", help="Every open invoice.")] = False,
    paid: Annotated[bool, typer.Option("--paid", help="Every paid invoice.")] = False,
    customer: OfCustomer = None,
    dir: Annotated[Path, typer.Option(help="Folder for the files.")] = Path(),
    zip: Annotated[Optional[Path], typer.Option(metavar="FILE", help="Into one ZIP.")] = None,  # noqa: UP045
    view: Annotated[bool, typer.Option("--view", help="Open it.")] = False,
    stdout: Annotated[bool, typer.Option("--stdout", help="Write one to stdout.")] = False,
) -> None:
    """Download invoices as PDF: a file each, named after its invoice."""
    from invoicepay.cli.downloads import save_invoices
    from invoicepay.operations.invoices import RenderInvoices

    state = state_of(context)
    selection = None
    if open or paid:
        selection = InvoiceFilter(one_state(open=open, paid=paid), customer=customer)
    elif not numbers:
        raise Usage("input_needed", "which invoices? Name them, or say --open or --paid")
    elif customer:
        raise Usage("usage", "--customer narrows --open or --paid")
    request = RenderInvoices(tuple(numbers or ()), selection)
    save_invoices(state, request, folder=dir, zip_file=zip, view=view, to_stdout=stdout)


def one_state(
    *, open: bool = False, paid: bool = False, overdue: bool = False, all: bool = False
) -> InvoiceState:
    """The one that is chosen; open when none is. Raises Usage for several."""
    flags = {
        InvoiceState.OPEN: open,
        InvoiceState.PAID: paid,
        InvoiceState.OVERDUE: overdue,
        InvoiceState.ALL: all,
    }
    chosen = [state for state, given in flags.items() if given]
    if len(chosen) > 1:
        raise Usage("usage", f"use only one of --{', --'.join(chosen)}")
    return chosen[0] if chosen else InvoiceState.OPEN


def _amount(text: str | None, currency: str | None) -> "Decimal | None":
    """Major units. Without a currency, of any that has two decimals."""
    if text is None:
        return None
    from decimal import Decimal

    from invoicepay.billing.money import check_currency, decimals, parse_minor

    known = check_currency(currency or "USD")
    return Decimal(parse_minor(text, known)).scaleb(-decimals(known))


def _show_list(state: State, found: "InvoiceList") -> None:
    from invoicepay.cli.show.invoices import invoice_columns, invoice_record

    items = found.page.items
    with state.out.paged():
        state.out.many(
            items,
            invoice_record(found.today),
            invoice_columns(found),
            empty="no invoice is in this selection",
        )
        if state.out.for_people and items:
            _show_totals(state, found)


def _show_totals(state: State, found: "InvoiceList") -> None:
    state.out.text()
    for totals in (found.page.totals or {}).values():
        currency = totals.currency
        parts = [
            f"{totals.count} invoice{'s' if totals.count != 1 else ''}"
            f"{f' ({totals.void} void, not in the sums)' if totals.void else ''}",
            f"total {grouped_text(totals.total_minor, currency)}",
            f"balance {grouped_text(totals.balance_minor, currency)}",
        ]
        if totals.processing_minor:
            parts.append(f"pending {grouped_text(totals.processing_minor, currency)}")
        if totals.overdue_minor:
            parts.append(f"overdue {grouped_text(totals.overdue_minor, currency)}")
        state.out.text(f"{currency}  " + " · ".join(parts))
    shown, count = len(found.page.items), sum(t.count for t in (found.page.totals or {}).values())
    if shown < count:
        state.out.note(f"{shown} of {count} shown; --limit sets how many.")
