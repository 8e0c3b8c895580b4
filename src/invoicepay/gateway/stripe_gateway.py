"""The Gateway port on Stripe's SDK, API version 2026-10-28.endive.

The same code talks to Stripe and to the sandbox; only the base address differs.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import requests
import stripe

from invoicepay.billing.customer import Customer
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.ports import (
    AttachedMethod,
    ChargeOrder,
    Intent,
    IntentStatus,
    NoAnswer,
    Rejected,
)
from invoicepay.billing.unseen import one_line
from invoicepay.gateway import metadata

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 30.0
RETRIES: Final = 2
"""Of the SDK, with the same idempotency key. StripeClient retries 0 times unless told."""
RATE_LIMIT_PAUSES: Final = (0.5, 1.0, 2.0)
"""Seconds. The SDK does not retry a 429, which is not carried out and not stored."""
PAGE: Final = 100
ABANDONED: Final = "abandoned"
"""The cancellation reason of an intent that was given up before it could be charged."""
_KEY: Final = re.compile(r"[rs]k_(live|test)_\w+", re.ASCII)
_CODE, _BRAND, _MESSAGE = 100, 60, 300
"""Characters that are kept of what it says."""

T = TypeVar("T")


class StripeGateway:
    """Implements billing.ports.Gateway.

    `livemode` is what every object must say; anything else raises Unreachable.
    """

    def __init__(self, key: str, *, livemode: bool, base_address: str | None = None) -> None:
        stripe.enable_telemetry = False  # it writes a file into the home folder and sends an id
        logging.getLogger("stripe").setLevel(logging.WARNING)  # below, it logs whole answers
        self._livemode = livemode
        addresses: Any = {} if base_address is None else {"api": base_address}
        self._client = stripe.StripeClient(
            key,
            base_addresses=addresses,
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(
                timeout=(CONNECT_SECONDS, READ_SECONDS), session=_DirectSession()
            ),
        ).v1

    @property
    def livemode(self) -> bool:
        return self._livemode

    def account(self) -> str:
        return _call(lambda: str(self._client.accounts.retrieve_current().id))

    def create_customer(self, customer: Customer, ledger_id: str) -> str:
        def create() -> str:
            created = self._client.customers.create(
                {
                    "name": customer.name,
                    "email": customer.email,
                    "metadata": {metadata.LEDGER: ledger_id, metadata.CUSTOMER: customer.number},
                },
                {"idempotency_key": f"{ledger_id}:customer:{_digest(customer.number)}"},
            )
            self._check_mode(created.livemode)
            return str(created.id)

        return _call(create)

    def attach_method(self, token: str, customer: str) -> AttachedMethod:
        def attach() -> AttachedMethod:
            found = self._client.payment_methods.attach(token, {"customer": customer})
            self._check_mode(found.livemode)
            return _attached(found)

        return _call(attach)

    def detach_method(self, method: str) -> None:
        _call(lambda: self._client.payment_methods.detach(method))

    def create(self, order: ChargeOrder) -> Intent:
        def create() -> Intent:
            created = self._client.payment_intents.create(
                {
                    "amount": order.amount_minor,
                    "currency": order.currency.lower(),
                    "customer": order.customer,
                    "payment_method": order.method,
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "description": order.description,
                    "metadata": metadata.written(order),
                },
                {"idempotency_key": f"{order.payment_id}:create"},
            )
            return self._intent(created)

        return _call(create)

    def confirm(self, intent_id: str, payment_id: str) -> Intent:
        def confirm() -> Intent:
            confirmed = self._client.payment_intents.confirm(
                intent_id, {"off_session": True}, {"idempotency_key": f"{payment_id}:confirm"}
            )
            return self._intent(confirmed)

        try:
            return _call(confirm)
        except _Declined:
            # A 402 is what an attempt came to; the intent's own status decides.
            return self.retrieve(intent_id)

    def retrieve(self, intent_id: str) -> Intent:
        return _call(lambda: self._intent(self._client.payment_intents.retrieve(intent_id)))

    def cancel(self, intent_id: str, *, on_request: bool = False) -> Intent:
        def cancel() -> Intent:
            canceled = self._client.payment_intents.cancel(
                intent_id,
                {"cancellation_reason": "requested_by_customer" if on_request else ABANDONED},
            )
            return self._intent(canceled)

        return _call(cancel)

    def intents(self, *, customer: str = "", since: datetime | None = None) -> Iterator[Intent]:
        params: dict[str, Any] = {"limit": PAGE}
        if customer:
            params["customer"] = customer
        if since is not None:
            params["created"] = {"gte": int(since.timestamp())}

        def page() -> tuple[list[Intent], str]:
            found = self._client.payment_intents.list(params)  # type: ignore[arg-type]
            # The account may have charges that no ledger made; their states are not ours.
            ours = [self._intent(i) for i in found.data if metadata.LEDGER in (i.metadata or {})]
            return ours, str(found.data[-1].id) if found.has_more else ""

        more = True
        while more:
            intents, last = _call(page)
            yield from intents
            more = bool(last)
            params["starting_after"] = last

    def _intent(self, found: stripe.PaymentIntent) -> Intent:
        self._check_mode(found.livemode)
        failure = found.last_payment_error
        metadata_of = found.metadata.to_dict() if found.metadata else {}
        written = {name: _valid(text) for name, text in metadata_of.items()}
        return Intent(
            id=found.id,
            status=_status(found),
            amount_minor=found.amount,
            currency=found.currency.upper(),
            livemode=found.livemode,
            customer=_id(found.customer),
            created_at=datetime.fromtimestamp(found.created, UTC),
            ledger_id=written.get(metadata.LEDGER, ""),
            payment_id=written.get(metadata.PAYMENT, ""),
            customer_number=written.get(metadata.CUSTOMER, ""),
            method_type=written.get(metadata.METHOD, ""),
            allocations=metadata.allocations_in(written),
            failure_code=(_said(failure.decline_code or failure.code, _CODE) or "declined")
            if failure
            else "",
            failure_message=_said(failure.message, _MESSAGE) if failure else "",
            abandoned=found.cancellation_reason == ABANDONED,
        )

    def _check_mode(self, livemode: bool) -> None:
        if livemode is not self._livemode:
            names = {True: "live", False: "test"}
            raise Unreachable(
                "gateway_mismatch",
                f"the gateway answers in {names[livemode]} mode, this ledger is for "
                f"{names[self._livemode]} mode",
                "Use the key that belongs to this ledger.",
            )


class _DirectSession(requests.Session):
    """Sends straight to the gateway: no proxy variables, no .netrc, no redirects. A proxy or a
    307 could otherwise carry the key and the charge elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class _Declined(Rejected):
    """A 402: the card or bank said no."""


def _attached(found: stripe.PaymentMethod) -> AttachedMethod:
    if found.type == "us_bank_account" and found.us_bank_account:
        account = found.us_bank_account
        bank = _said(account.bank_name, _BRAND) or "Bank account"
        return AttachedMethod(found.id, "ach", bank, _last4(account.last4))
    if found.type == "card" and found.card:
        card = found.card
        brand = _said(card.brand, _BRAND).title() or "Card"
        return AttachedMethod(
            found.id, "card", brand, _last4(card.last4), card.exp_month, card.exp_year
        )
    raise Rejected("method_type", f"a {found.type} cannot be used here")


def _call(call: Callable[[], T]) -> T:
    """Call the SDK and map its answer, with its errors in the port's words: Rejected only where
    Stripe says that nothing was done, else NoAnswer."""
    for pause in (*RATE_LIMIT_PAUSES, None):
        try:
            return call()
        except stripe.RateLimitError as error:
            if pause is None:
                raise NoAnswer("the gateway is busy (429)") from error
            time.sleep(pause)
        except stripe.CardError as error:
            raise _Declined(_code(error), _message(error)) from error
        except (
            stripe.InvalidRequestError,
            stripe.IdempotencyError,
            stripe.AuthenticationError,
            stripe.PermissionError,
        ) as error:
            raise Rejected(_code(error), _message(error)) from error
        except stripe.StripeError as error:
            raise NoAnswer(_no_answer(error)) from error
        except OSError as error:  # of the system below the SDK, which wraps only its own requests
            raise NoAnswer("no answer from the gateway") from error
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            # The SDK and our mapping fail in these ways on what is not an answer of Stripe's.
            raise NoAnswer("the gateway answered something that is not an answer") from error
    raise AssertionError("unreachable")


def _no_answer(error: stripe.StripeError) -> str:
    if isinstance(error, stripe.APIConnectionError):
        return "no answer from the gateway"
    return f"the gateway answered {error.http_status or 'something that is not an answer'}"


def _code(error: stripe.StripeError) -> str:
    inner = getattr(error, "error", None)
    code = error.code or getattr(inner, "code", None) or getattr(inner, "type", "") or ""
    return _said(str(code), _CODE)


def _message(error: stripe.StripeError) -> str:
    """One line; Stripe's own message, but never the key, should an answer repeat it."""
    if isinstance(error, stripe.AuthenticationError):
        return "it does not accept the key"
    return _said(_KEY.sub("(the key)", str(error.user_message or error)), _MESSAGE)


def _said(text: str | None, most: int) -> str:
    """What the gateway says in words, as it can be stored and shown: an answer that could not be
    recorded would never be final."""
    return " ".join(one_line(text or "").split())[:most]


def _valid(text: str) -> str:
    """Half of a surrogate pair, which JSON may have, could not be looked up."""
    return text.encode("utf-8", "replace").decode()


def _last4(text: str | None) -> str:
    """Never more than four characters of an account, and those that one has."""
    return re.sub(r"[^0-9A-Za-z]", "", text or "", flags=re.ASCII)[-4:]


def _digest(number: str) -> str:
    """For a key, which travels in an HTTP header: ASCII, and short."""
    return hashlib.sha256(number.encode()).hexdigest()


def _status(found: stripe.PaymentIntent) -> IntentStatus:
    try:
        return IntentStatus(found.status)
    except ValueError:  # requires_capture: never asked for
        raise NoAnswer(f"{found.id} is {found.status}, which is not expected here") from None


def _id(reference: Any) -> str:
    return "" if reference is None else str(getattr(reference, "id", reference))
