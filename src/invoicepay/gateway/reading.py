"""What Stripe's objects say, with nothing about them taken for granted.

Stripe leaves out what does not apply, where an SDK object raises AttributeError, and adds words to
its enums: https://docs.stripe.com/api/versioning. So answers are read as plain documents, in which
what is absent, null or not of its type reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import stripe

from invoicepay.billing.money import CURRENCIES, MAX_MINOR
from invoicepay.billing.ports import GatewayCustomer, Intent, IntentStatus, UnreadableIntent
from invoicepay.billing.text import one_line
from invoicepay.gateway import metadata

Doc = Mapping[str, Any]
MODES: Final = {True: "live", False: "test"}
_CODE, _MESSAGE, _WORD = 100, 300, 40
"""Characters that are kept of what it says."""
_ID: Final = re.compile(r"[\x21-\x7e]{1,255}")
ABANDONED: Final = "abandoned"
"""The cancellation reason of an intent that was given up before it could be charged."""
_LAST_SECOND: Final = 253402300799  # of the year 9999


def document(answer: object) -> Doc:
    """An answer's fields. Raises ValueError for what is no object of Stripe's."""
    if not isinstance(answer, stripe.StripeObject):
        raise ValueError("not an object")
    return answer.to_dict()


def page(listed: Doc) -> tuple[list[Doc], str]:
    """The objects of one page of a list, and the id after which the next begins; empty where
    there is none. Raises ValueError for what is no page, or is one from which nothing leads on."""
    data = listed.get("data")
    if not isinstance(data, list):
        raise ValueError("not a list")
    if not data or listed.get("has_more") is False:
        return [item for item in data if isinstance(item, dict)], ""
    named = [at for at, item in enumerate(data) if isinstance(item, dict) and id_of(item)]
    if not named:
        raise ValueError("a page without ids")
    # What follows the last of them is on the next page again.
    until = data[: named[-1] + 1]
    return [item for item in until if isinstance(item, dict)], id_of(until[-1])


def of_ledger(
    ledger_id: str, listed: Iterable[Doc], livemode: bool
) -> Iterator[Intent | UnreadableIntent]:
    """Those of the payment intents that this ledger made. What is known to be canceled is left out
    where nothing else can be told of it."""
    for found in listed:
        if written_on(found).get(metadata.LEDGER) == ledger_id:
            read = intent(found, livemode)
            if isinstance(read, Intent) or _status(found) is not IntentStatus.CANCELED:
                yield read


def intent(found: Doc, livemode: bool) -> Intent | UnreadableIntent:
    """A payment intent, which should be of this mode."""
    written = written_on(found)
    why = _why_unreadable(found, livemode)
    if why:
        return UnreadableIntent(
            id=id_of(found),
            why=why,
            payment_id=written.get(metadata.PAYMENT, ""),
            customer=reference(found, "customer"),
            customer_number=written.get(metadata.CUSTOMER, ""),
            invoices=metadata.all_invoices_in(written, whole(found, "amount")),
            created_at=_created(found),
            livemode=flag(found, "livemode"),
        )
    status, amount, created = _status(found), whole(found, "amount"), _created(found)
    assert status is not None
    assert amount is not None
    assert created is not None
    failure_code, failure_message = _failure(found)
    return Intent(
        id=id_of(found),
        status=status,
        amount_minor=amount,
        currency=_currency(found),
        livemode=livemode,
        customer=reference(found, "customer"),
        created_at=created,
        ledger_id=written.get(metadata.LEDGER, ""),
        payment_id=written.get(metadata.PAYMENT, ""),
        customer_number=written.get(metadata.CUSTOMER, ""),
        method_type=written.get(metadata.METHOD, ""),
        allocations=metadata.allocations_in(written),
        request_digest=written.get(metadata.REQUEST, ""),
        failure_code=failure_code,
        failure_message=failure_message,
        abandoned=text(found, "cancellation_reason") == ABANDONED,
    )


def customer(found: Doc) -> GatewayCustomer:
    """A customer, which has an id. One that does not say when it was made is taken for an old one:
    of several that are the same, the oldest is used."""
    written = written_on(found)
    return GatewayCustomer(
        id=id_of(found),
        created_at=_created(found) or datetime.fromtimestamp(0, UTC),
        ledger_id=written.get(metadata.LEDGER, ""),
        number=written.get(metadata.CUSTOMER, ""),
    )


def written_on(found: Doc) -> dict[str, str]:
    """The metadata; empty text for what is none."""
    return {
        # Half of a surrogate pair, which JSON may have, could not be looked up.
        name: text(part(found, "metadata"), name).encode("utf-8", "replace").decode()
        for name in part(found, "metadata")
    }


def id_of(found: Doc) -> str:
    """Empty where there is none that one could ask for."""
    return text(found, "id") if _ID.fullmatch(text(found, "id")) else ""


def reference(found: Doc, name: str) -> str:
    """The id of another object, which may be there itself."""
    return id_of(part(found, name)) or id_of({"id": found.get(name)})


def text(found: Doc, name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def whole(found: Doc, name: str, most: int = MAX_MINOR) -> int | None:
    """A number from 1 to `most`."""
    value = found.get(name)
    return value if type(value) is int and 0 < value <= most else None  # a bool is no int here


def flag(found: Doc, name: str) -> bool | None:
    value = found.get(name)
    return value if isinstance(value, bool) else None


def part(found: Doc, name: str) -> Doc:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def said(words: str, most: int) -> str:
    """What the gateway says in words, as it can be stored and shown: an answer that could not be
    recorded would never be final."""
    return " ".join(one_line(words).split())[:most]


def _why_unreadable(found: Doc, livemode: bool) -> str:
    """Empty where all that decides is there."""
    mode = flag(found, "livemode")
    if not id_of(found):
        return "it has no id"
    if mode is None:
        return "it does not say its mode"
    if mode is not livemode:
        return f"it is of {MODES[mode]} mode, this ledger is for {MODES[livemode]} mode"
    if _status(found) is None:
        return f"its status is {_word(found, 'status')}"
    if whole(found, "amount") is None:
        return f"its amount is {_word(found, 'amount')}"
    if not _currency(found):
        return f"its currency is {_word(found, 'currency')}"
    if _created(found) is None:
        return "it does not say when it was made"
    return ""


def _word(found: Doc, name: str) -> str:
    """A value that is not one of those expected, to be shown."""
    value = found.get(name)
    if isinstance(value, str | int | float):
        return said(str(value), _WORD) or "empty"
    return "missing" if value is None else "of a kind that is not known here"


def _status(found: Doc) -> IntentStatus | None:
    # None for requires_capture, which is never asked for, and for a word of next year's.
    with suppress(ValueError):
        return IntentStatus(text(found, "status"))
    return None


def _currency(found: Doc) -> str:
    """Empty where it is none that is known."""
    code = text(found, "currency")
    return code.upper() if code.isascii() and code.upper() in CURRENCIES else ""


def _created(found: Doc) -> datetime | None:
    seconds = whole(found, "created", _LAST_SECOND)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _failure(found: Doc) -> tuple[str, str]:
    """Code and message of the last attempt, where that failed."""
    if not found.get("last_payment_error"):
        return "", ""
    error = part(found, "last_payment_error")
    code = said(text(error, "decline_code") or text(error, "code"), _CODE)
    return code or "declined", said(text(error, "message"), _MESSAGE)
