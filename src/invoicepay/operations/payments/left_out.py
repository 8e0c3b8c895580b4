"""What a filter of `pay` passes over: found by it, but not to be paid now, and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from invoicepay.billing.charge import CHARGED
from invoicepay.billing.errors import NotFound
from invoicepay.billing.invoice import Invoice
from invoicepay.billing.plan import PAY_OUTSIDE, chargeable


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Invoices that a payment under way holds, that are disputed, and that the gateway does not
    charge: neither their currency nor their amount."""

    held: Sequence[Invoice] = ()
    disputed: Sequence[Invoice] = ()
    not_chargeable: Sequence[Invoice] = ()

    def numbers(self, customer: str) -> dict[str, tuple[str, ...]]:
        """Of one customer, under the names that a plan has for them."""
        return {
            name: tuple(i.number for i in invoices if i.customer == customer)
            for name, invoices in (
                ("left_out", self.held),
                ("disputed", self.disputed),
                ("not_chargeable", self.not_chargeable),
            )
        }


def leave_out(
    invoices: Sequence[Invoice], *, allow_pending: bool, include_disputed: bool
) -> tuple[list[Invoice], LeftOut]:
    """Those of `invoices` that may be paid now, and the others."""
    free: list[Invoice] = []
    held: list[Invoice] = []
    disputed: list[Invoice] = []
    not_chargeable: list[Invoice] = []
    for invoice in invoices:
        if invoice.currency not in CHARGED:
            not_chargeable.append(invoice)
        elif _is_held(invoice, allow_pending):
            held.append(invoice)
        elif invoice.disputed and not include_disputed:
            disputed.append(invoice)
        else:
            free.append(invoice)
    return free, LeftOut(held, disputed, not_chargeable)


def leave_out_amounts(
    invoices: Sequence[Invoice], amounts: Mapping[str, int], left_out: LeftOut
) -> tuple[list[Invoice], LeftOut]:
    """As `leave_out`, for invoices in one currency: those whose amount the gateway does not
    charge join `left_out`."""
    paid = chargeable(invoices, amounts)
    numbers = {i.number for i in paid}
    too_fine = [i for i in invoices if i.number not in numbers]
    return paid, replace(left_out, not_chargeable=[*left_out.not_chargeable, *too_fine])


def _is_held(invoice: Invoice, allow_pending: bool) -> bool:
    """Whether a payment under way holds it."""
    if allow_pending:
        return not invoice.payable_minor
    return invoice.reserved_minor > 0


def nothing_left(left_out: LeftOut) -> NotFound:
    """For a filter that finds nothing else."""
    what = "nothing is open to pay in this selection"
    if left_out.disputed:
        return NotFound(
            "nothing_selected",
            f"{what}; {len(left_out.disputed)} invoice(s) are disputed",
            "Name those that you want to pay, or say --include-disputed.",
        )
    if left_out.held:
        return NotFound(
            "nothing_selected",
            f"{what}; payments under way hold {len(left_out.held)} invoice(s)",
            "`invoicepay payments list` shows them; `invoicepay sync` asks the bank.",
        )
    if left_out.not_chargeable:
        return NotFound(
            "nothing_selected",
            f"{what}; {len(left_out.not_chargeable)} invoice(s) cannot be charged",
            f"{PAY_OUTSIDE}.",
        )
    return NotFound("nothing_selected", what, "`invoicepay invoices list` shows what is open.")
