"""Every error a person can see: a family (with its exit code) and a stable code.

A family lists its codes, so that none can be raised that is not known here;
tests/proofs/errors/ has a reproducer for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

T = TypeVar("T")


class InvoicepayError(Exception):
    """`message`: one line saying what is wrong. `hint`: what to do next.

    `payment`: the id of the payment that it is about, empty for none. `says_outcome`: the message
    says that this payment was accepted or how it ended, so whoever reads it has been told.
    """

    exit_code: ClassVar[int] = 1
    codes: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        *,
        payment: str = "",
        says_outcome: bool = False,
    ) -> None:
        if code not in self.codes:
            raise AssertionError(f"{type(self).__name__} has no code {code!r}")
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint
        self.payment, self.says_outcome = payment, says_outcome


class Usage(InvoicepayError):
    """The command as typed cannot be carried out."""

    exit_code = 2
    codes = frozenset(
        {
            "usage",
            "ambiguous_selection",
            "amount_not_chargeable",
            "currency_not_supported",
            "guard_needed",
            "input_needed",
            "over_limit",
            "under_limit",
            "config_invalid",
            "needs_sandbox",
        }
    )


class Declined(InvoicepayError):
    """The card or bank said no."""

    exit_code = 3
    codes = frozenset({"payment_declined"})


class NotAllowed(InvoicepayError):
    """Not logged in, or without the right to do this."""

    exit_code = 4
    codes = frozenset(
        {
            "invite_invalid",
            "login_failed",
            "login_throttled",
            "not_allowed",
            "not_logged_in",
            "session_expired",
        }
    )


class NotFound(InvoicepayError):
    """Absent, or out of the actor's scope: the two read the same."""

    exit_code = 5
    codes = frozenset({"not_found", "nothing_selected"})


class OutcomeUnknown(InvoicepayError):
    """Money may or may not have moved; `sync` finds out."""

    exit_code = 6
    codes = frozenset({"not_shown", "outcome_unknown", "wait_ran_out"})


class Refused(InvoicepayError):
    """Refused: valid, but not allowed in this state."""

    exit_code = 7
    codes = frozenset(
        {
            "already_exists",
            "already_paid",
            "amount_exceeds_payable",
            "answered_no",
            "in_flight",
            "key_reused",
            "ledger_behind_gateway",
            "method_unusable",
            "moved_since_quoted",
            "no_receipt",
            "not_acknowledged",
            "not_cancelable",
            "not_payable",
            "not_placed",
            "other_ledger",
            "payment_canceled",
            "restored_not_confirmed",
            "total_differs",
            "weak_password",
            "insecure_file",
            "insecure_keyring",
        }
    )


class BadInput(InvoicepayError):
    """Data that is not what it should be."""

    exit_code = 8
    codes = frozenset(
        {
            "amount_too_large",
            "bad_amount",
            "bad_date",
            "bad_file",
            "bad_mapping",
            "bad_rows",
            "bad_text",
            "changed_record",
            "unknown_currency",
        }
    )


class PartlyDone(InvoicepayError):
    """Some of what was asked is done; the message says what is not."""

    exit_code = 9
    codes = frozenset({"no_viewer", "partly_done"})


class Unreachable(InvoicepayError):
    """A service, file or secret cannot be reached."""

    exit_code = 10
    codes = frozenset(
        {
            "account_unknown",
            "gateway_mismatch",
            "gateway_refused",
            "gateway_unreachable",
            "gateway_unreadable",
            "key_missing",
            "keyring_unavailable",
            "ledger_damaged",
            "ledger_in_use",
            "ledger_missing",
            "ledger_mixed",
            "ledger_newer",
            "ledger_replaced",
            "ledger_unusable",
            "sandbox_unusable",
            "secret_unreadable",
            "write_failed",
        }
    )


class DoesNotTie(InvoicepayError):
    """A figure that must agree with another does not."""

    exit_code = 11
    codes = frozenset({"books_differ", "journal_differs"})


FAMILIES: tuple[type[InvoicepayError], ...] = (
    Usage,
    Declined,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    Refused,
    BadInput,
    PartlyDone,
    Unreachable,
    DoesNotTie,
)


def shortened(text: str, most: int) -> str:
    """`text` for a message, where it has more than `most` characters its beginning and `...`."""
    return text if len(text) <= most else text[: most - 3] + "..."


def quoted(text: str, most: int = 40) -> str:
    """`text` in quotes, shortened, for a message."""
    return f"'{shortened(text, most)}'"


def not_found(what: str, name: str, near: Sequence[str] = ()) -> NotFound:
    """The one wording for what is absent or out of scope, e.g. `no invoice INV-9`. `near`: what
    may have been meant."""
    hint = f"Check it with `{_LISTED_BY[what]}`."
    if near:
        hint = f"Did you mean {' or '.join(near)}? {hint}"
    return NotFound("not_found", f"no {what} {shortened(name, 60)}", hint)


_LISTED_BY = {
    "customer": "invoicepay customers list",
    "contact": "invoicepay contacts list",
    "invoice": "invoicepay invoices list --all",
    "payment": "invoicepay payments list",
    "payment method": "invoicepay methods list",
    "token": "invoicepay tokens list",
    "e-mail": "invoicepay mail list --all",
}


def must_be_there(found: T | None, what: str) -> T:
    """`found`, which another row of the ledger refers to. Raises DoesNotTie where it is missing:
    the ledger was damaged or edited."""
    if found is None:
        raise DoesNotTie(
            "books_differ",
            f"{what} is not in the ledger",
            "Let nobody pay until `invoicepay doctor` finds nothing.",
        )
    return found
