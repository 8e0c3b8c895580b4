"""The Gateway port on Stripe's SDK, API version 2026-10-28.endive.

The same code talks to Stripe and to the sandbox; only the base address differs.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, TypeVar

import requests
import stripe

from invoicepay.billing.customer import Customer
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.ports import (
    AccountHidden,
    AttachedMethod,
    ChargeOrder,
    GatewayCustomer,
    Intent,
    NoAnswer,
    Rejected,
    Unreadable,
    UnreadableIntent,
)
from invoicepay.gateway import metadata, reading
from invoicepay.gateway.limited_adapter import LimitedAdapter
from invoicepay.gateway.reading import MODES, Doc, document, said, text
from invoicepay.gateway.route import Route, refused_status
from invoicepay.system.deadline import time_limit

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 30.0
REQUEST_SECONDS: Final = 40.0
"""For a request and all of its answer; the others are for connecting, and for each read."""
RETRIES: Final = 2
"""Of the SDK, with the same idempotency key. StripeClient retries 0 times unless told."""
RATE_LIMIT_PAUSES: Final = (0.5, 1.0, 2.0)
"""Seconds. The SDK does not retry a 429, which is not carried out and not stored."""
PAGE: Final = 100
_KEY: Final = re.compile(r"[rs]k_(live|test)_[\w*]+")
_ACCOUNT: Final = re.compile(r"\bacct_[0-9A-Za-z]+\b", re.ASCII)
_CODE, _BRAND, _MESSAGE = 100, 60, 300
"""Characters that are kept of what it says."""

_STRAIGHT: Final = Route()
_UNREADABLE: Final = "the gateway sent an answer that cannot be read"

T = TypeVar("T")


class StripeGateway:
    """Implements billing.ports.Gateway.

    `livemode` is what every object must say; anything else raises Unreachable.
    """

    def __init__(
        self,
        key: str,
        *,
        livemode: bool,
        base_address: str | None = None,
        route: Route = _STRAIGHT,
    ) -> None:
        stripe.enable_telemetry = False  # it writes a file into the home folder and sends an id
        logging.getLogger("stripe").setLevel(logging.WARNING)  # below, it logs whole answers
        self._livemode, self._route = livemode, route
        addresses: Any = {} if base_address is None else {"api": base_address}
        self._client = stripe.StripeClient(
            key,
            base_addresses=addresses,
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(
                timeout=(CONNECT_SECONDS, READ_SECONDS), session=_Session(route)
            ),
        ).v1

    @property
    def livemode(self) -> bool:
        return self._livemode

    def account(self) -> str:
        try:
            return self._call(lambda: _id(document(self._client.accounts.retrieve_current())))
        except _NotPermitted as refusal:
            # Many restricted keys may not read their account, and none may be allowed to.
            named = _ACCOUNT.search(str(refusal.__cause__))  # in full: half an id is another
            raise AccountHidden(
                refusal.code, refusal.message, named[0] if named else ""
            ) from refusal

    def has(self, object_id: str) -> bool:
        of_kind = (
            self._client.payment_intents if object_id.startswith("pi_") else self._client.customers
        )
        try:
            self._call(lambda: of_kind.retrieve(object_id))
        except Rejected as refusal:
            if refusal.code == "resource_missing":
                return False
            raise
        return True

    def create_customer(self, customer: Customer, ledger_id: str, key: str) -> GatewayCustomer:
        def create() -> GatewayCustomer:
            created = self._client.customers.create(
                {
                    "name": customer.name,
                    "email": customer.email,
                    "metadata": {metadata.LEDGER: ledger_id, metadata.CUSTOMER: customer.number},
                },
                {"idempotency_key": f"{key}:customer"},
            )
            found = document(created)
            self._checked(found)
            return reading.customer(found)

        return self._call(create)

    def customers(self, *, since: datetime) -> Iterator[GatewayCustomer]:
        params = {"limit": PAGE, "created": {"gte": int(since.timestamp())}}
        for found in self._listed(self._client.customers.list, params):
            ours = metadata.LEDGER in reading.written_on(found) and reading.id_of(found)
            if ours and reading.flag(found, "livemode") is self._livemode:
                yield reading.customer(found)

    def attach_method(self, token: str, customer: str) -> AttachedMethod:
        def attach() -> AttachedMethod:
            found = document(self._client.payment_methods.attach(token, {"customer": customer}))
            return _attached(self._checked(found), found)

        return self._call(attach)

    def detach_method(self, method: str) -> None:
        self._call(lambda: self._client.payment_methods.detach(method))

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

        return self._call(create)

    def confirm(self, intent_id: str, payment_id: str) -> Intent:
        def confirm() -> Intent:
            confirmed = self._client.payment_intents.confirm(
                intent_id, {"off_session": True}, {"idempotency_key": f"{payment_id}:confirm"}
            )
            return self._intent(confirmed)

        try:
            return self._call(confirm)
        except _Declined:
            # A 402 is what an attempt came to; the intent's own status decides.
            return self.retrieve(intent_id)

    def retrieve(self, intent_id: str) -> Intent:
        return self._call(lambda: self._intent(self._client.payment_intents.retrieve(intent_id)))

    def cancel(self, intent_id: str, *, on_request: bool = False) -> Intent:
        def cancel() -> Intent:
            canceled = self._client.payment_intents.cancel(
                intent_id,
                {
                    "cancellation_reason": "requested_by_customer"
                    if on_request
                    else reading.ABANDONED
                },
            )
            return self._intent(canceled)

        return self._call(cancel)

    def intents(
        self,
        ledger_id: str,
        *,
        customer: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Intent | UnreadableIntent]:
        bounds = (("gte", since), ("lte", until))
        params = {
            "limit": PAGE,
            "customer": customer,
            "created": {name: int(at.timestamp()) for name, at in bounds if at is not None},
        }
        given = {name: value for name, value in params.items() if value}
        # The account may have charges that no ledger made, or another: they are not ours.
        listed = self._listed(self._client.payment_intents.list, given)
        return reading.of_ledger(ledger_id, listed, self._livemode)

    def _listed(self, ask: Callable[[Any], object], params: dict[str, Any]) -> Iterator[Doc]:
        """The objects of a list, a page a call. Raises NoAnswer, Rejected."""
        last = ""
        while True:
            given = params | ({"starting_after": last} if last else {})
            found, following = self._call(lambda given=given: reading.page(document(ask(given))))  # type: ignore[misc]
            yield from found
            if not following:
                return
            if following == last:
                raise NoAnswer("the gateway lists the same again and again")
            last = following

    def _call(self, call: Callable[[], T]) -> T:
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
            except stripe.PermissionError as error:
                raise _NotPermitted(_code(error), _message(error)) from error
            except (
                stripe.InvalidRequestError,
                stripe.IdempotencyError,
                stripe.AuthenticationError,
            ) as error:
                raise Rejected(_code(error), _message(error)) from error
            except stripe.StripeError as error:
                raise self._no_answer(error) from error
            except OSError as error:
                # Of the system below the SDK, which wraps only its own requests.
                raise self._route.no_answer(error) from error
            except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
                # The SDK and our reading fail in these ways on what is not an answer of Stripe's.
                raise NoAnswer(_UNREADABLE) from error
        raise AssertionError("unreachable")

    def _no_answer(self, error: stripe.StripeError) -> NoAnswer:
        if isinstance(error, stripe.APIConnectionError):
            return self._route.no_answer(error)
        if not error.http_status:
            return NoAnswer(_UNREADABLE)
        return NoAnswer(f"the gateway answered {error.http_status}")

    def _intent(self, answer: object) -> Intent:
        found = document(answer)
        _id(found)
        self._check_mode(reading.flag(found, "livemode"))
        intent = reading.intent(found, self._livemode)
        if isinstance(intent, UnreadableIntent):
            raise Unreadable(intent)
        return intent

    def _checked(self, found: Doc) -> str:
        """The id of an object that is of this mode. Raises Unreachable, and ValueError for what
        does not say."""
        livemode = reading.flag(found, "livemode")
        self._check_mode(livemode)
        if livemode is None:
            raise ValueError("an object that does not say its mode")
        return _id(found)

    def _check_mode(self, livemode: bool | None) -> None:
        if livemode is (not self._livemode):
            raise Unreachable(
                "gateway_mismatch",
                f"the gateway answers in {MODES[livemode]} mode, this ledger is for "
                f"{MODES[self._livemode]} mode",
                "Use the key that belongs to this ledger.",
            )


class _Session(requests.Session):
    """Sends to the gateway, straight or by the proxy of its route: no proxy variables, no .netrc,
    no redirects. These or a 307 could otherwise carry the key and the charge elsewhere. No request
    takes longer than REQUEST_SECONDS, however its answer comes."""

    def __init__(self, route: Route) -> None:
        super().__init__()
        self.trust_env = False
        self._ca_file = route.ca_file
        self.proxies = {"https": route.proxy}  # never to http, which is on this machine
        self.mount("https://", LimitedAdapter(route.proxy_headers, route.ca_file))
        self.mount("http://", LimitedAdapter({}, ""))

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        if self._ca_file:
            how["verify"] = self._ca_file
        with time_limit(REQUEST_SECONDS) as limit:
            try:
                return super().send(request, **how)
            except requests.RequestException as error:
                # Neither a timeout nor a lost connection, which the SDK tries again.
                if limit.over:
                    raise requests.RequestException("the whole answer took too long") from error
                if 400 <= refused_status(error) < 500:  # some lock a user who keeps trying
                    raise requests.RequestException("the proxy refuses") from error
                raise

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class _Declined(Rejected):
    """A 402: the card or bank said no."""


class _NotPermitted(Rejected):
    """A 403: the key may not do this."""


def _attached(id: str, found: Doc) -> AttachedMethod:
    kind = text(found, "type")
    details = reading.part(found, kind)
    last4 = _last4(text(details, "last4"))
    if kind == "us_bank_account" and details:
        bank = said(text(details, "bank_name"), _BRAND) or "Bank account"
        return AttachedMethod(id, "ach", bank, last4)
    if kind == "card" and details:
        brand = said(text(details, "brand"), _BRAND).title() or "Card"
        month = reading.whole(details, "exp_month", 12)
        year = reading.whole(details, "exp_year", 9999)
        return AttachedMethod(id, "card", brand, last4, month, year)
    raise Rejected(
        "method_type", f"a {said(kind, _BRAND) or 'nameless method'} cannot be used here"
    )


def _code(error: stripe.StripeError) -> str:
    inner = error.error
    found = (error.code, getattr(inner, "code", None), getattr(inner, "type", None))
    return said(next((code for code in found if code and isinstance(code, str)), ""), _CODE)


def _message(error: stripe.StripeError) -> str:
    """One line; Stripe's own message, but never the key, should an answer repeat it."""
    if isinstance(error, stripe.AuthenticationError):
        return "it does not accept the key"
    words = error.user_message if isinstance(error.user_message, str) else ""
    return said(_KEY.sub("(the key)", words), _MESSAGE) or _code(error) or "it does not say why"


def _last4(text: str) -> str:
    """Never more than four characters of an account, and those that one has."""
    return re.sub(r"[^0-9A-Za-z]", "", text)[-4:]


def _id(found: Doc) -> str:
    id = reading.id_of(found)
    if not id:
        raise ValueError("an object without an id")
    return id
