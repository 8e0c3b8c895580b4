"""Parameters that several commands take, with what shells complete for them."""

# No `from __future__ import annotations`: typer evaluates text four times.
from typing import Annotated, Optional

import typer

from invoicepay.cli import complete

OfCustomer = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time
    typer.Option(metavar="C", help="Of one customer.", autocompletion=complete.customers),
]
MethodId = Annotated[str, typer.Argument(metavar="ID", autocompletion=complete.methods)]
PaymentId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="Or its beginning, or its receipt number.",
        autocompletion=complete.payments,
    ),
]
