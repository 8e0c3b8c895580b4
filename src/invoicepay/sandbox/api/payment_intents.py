"""Payment intents: the state machine of one payment."""

from __future__ import annotations

from typing import Any

from invoicepay.sandbox import bank, params
from invoicepay.sandbox.api.attempt import attempt, check_currency, check_owner
from invoicepay.sandbox.api.payment_methods import spent
from invoicepay.sandbox.api.route import Params, Route, listing, retrieve
from invoicepay.sandbox.params import Required, Spec, boolean, choice, text, unsettable_text
from invoicepay.sandbox.store import Unit, new_id, public
from invoicepay.sandbox.wire import Doc, StripeError

_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_AT_ANY_TIME = {"description", "metadata"}


def _no_longer(value: Any, name: str) -> None:
    raise StripeError(
        400,
        "The payment_method_types parameter is no longer supported. Use "
        "allowed_payment_method_types, or manage payment methods from the Dashboard.",
        code="payment_method_types_no_longer_supported",
        param=name,
    )


_DETAILS: Spec = {
    "description": unsettable_text,
    "metadata": params.metadata,
    "payment_method_types": _no_longer,
    "receipt_email": unsettable_text,
    "setup_future_usage": choice("off_session", "on_session"),
}
# What only makes sense of an attempt to pay.
_ATTEMPT: Spec = {
    "error_on_requires_action": boolean,
    "mandate": text,
    "mandate_data": params.anything,
    "off_session": params.off_session,
    "return_url": text,
}
_CREATE: Spec = {
    **_DETAILS,
    **_ATTEMPT,
    "amount": Required(params.amount),
    "automatic_payment_methods": params.nested(
        {"enabled": Required(boolean), "allow_redirects": choice("always", "never")}
    ),
    "confirm": boolean,
    "currency": Required(params.currency),
    "customer": text,
    "payment_method": text,
}
_UPDATE: Spec = {
    **_DETAILS,
    "amount": params.amount,
    "currency": params.currency,
    "customer": text,
    "payment_method": text,
}
_CONFIRM: Spec = {
    **_ATTEMPT,
    "payment_method": text,
    "payment_method_types": _no_longer,
    "receipt_email": unsettable_text,
    "setup_future_usage": choice("off_session", "on_session"),
}
_CANCEL: Spec = {
    "cancellation_reason": choice("duplicate", "fraudulent", "requested_by_customer", "abandoned")
}


def _check_create(values: Params) -> None:
    params.check_amount(values["amount"], values["currency"])
    for name in _ATTEMPT:
        if name in values and not values.get("confirm"):
            raise StripeError(
                400,
                f"The parameter `{name}` cannot be passed when creating a PaymentIntent unless "
                "`confirm` is set to true.",
                code="payment_intent_invalid_parameter",
                param=name,
            )


def _create(unit: Unit, values: Params, _: str) -> Doc:
    automatic = {"enabled": True, "allow_redirects": "always"}
    automatic |= values.get("automatic_payment_methods", {})
    if customer := values.get("customer"):
        unit.get("customer", customer, "customer", 400)
    id = new_id("pi")
    intent: Doc = {
        "id": id,
        "object": "payment_intent",
        "amount": values["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": automatic,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": new_id(f"{id}_secret", 25),
        "confirmation_method": "automatic",
        "created": unit.at,
        "currency": values["currency"],
        "customer": customer,
        "description": values.get("description"),
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": params.merge_metadata({}, values.get("metadata", {})),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": [bank.CARD] + [bank.BANK_ACCOUNT] * (values["currency"] == "usd"),
        "processing": None,
        "receipt_email": values.get("receipt_email"),
        "review": None,
        "setup_future_usage": values.get("setup_future_usage"),
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    if method := values.get("payment_method"):
        _use(unit, intent, method)
    unit.insert(intent)
    unit.emit("payment_intent.created", intent)
    return attempt(unit, intent, values) if values.get("confirm") else intent


def _use(unit: Unit, intent: Doc, method_id: str) -> None:
    """Choose the method to pay with. It must be the customer's own, or a token used here only."""
    if method_id in bank.TOKENS:
        method = unit.insert(bank.payment_method(method_id, unit.at))
    elif method_id != intent["payment_method"]:
        method = unit.get("payment_method", method_id, "payment_method", 400)
        if method["customer"] is None:
            raise spent()
        check_owner(intent, method)
    else:
        method = unit.get("payment_method", method_id, "payment_method", 400)
    check_currency(intent, method)
    intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    intent["next_action"] = None


def _update(unit: Unit, values: Params, id: str) -> Doc:
    intent = unit.get("payment_intent", id, "intent")
    if intent["status"] not in _OPEN and not values.keys() <= _AT_ANY_TIME:
        raise _unexpected(intent, "update", _OPEN)
    if "customer" in values:
        unit.get("customer", values["customer"], "customer", 400)
    if "metadata" in values:
        values["metadata"] = params.merge_metadata(intent["metadata"], values["metadata"])
    method = values.pop("payment_method", None)
    intent |= values
    params.check_amount(intent["amount"], intent["currency"])
    if method:
        _use(unit, intent, method)
    return unit.update(intent)


def _confirm(unit: Unit, values: Params, id: str) -> Doc:
    intent = unit.get("payment_intent", id, "intent")
    if intent["status"] not in _OPEN:
        raise _unexpected(intent, "confirm", _OPEN)
    for name in ("receipt_email", "setup_future_usage"):
        if name in values:
            intent[name] = values[name]
    if method := values.get("payment_method"):
        _use(unit, intent, method)
    return attempt(unit, intent, values)


def _cancel(unit: Unit, values: Params, id: str) -> Doc:
    intent = unit.get("payment_intent", id, "intent")
    if intent["status"] not in _OPEN:  # a debit that is processing cannot be called back
        raise _unexpected(intent, "cancel", _OPEN)
    intent |= {
        "status": "canceled",
        "canceled_at": unit.at,
        "cancellation_reason": values.get("cancellation_reason"),
        "next_action": None,
    }
    unit.update(intent)
    unit.emit("payment_intent.canceled", intent)
    return intent


def _unexpected(intent: Doc, verb: str, allowed: tuple[str, ...]) -> StripeError:
    status = intent["status"]
    if verb == "confirm" and status == "succeeded":
        message = (
            "You cannot confirm this PaymentIntent because it has already succeeded after being "
            "previously confirmed."
        )
    else:
        participle = {"cancel": "canceled", "confirm": "confirmed", "update": "updated"}[verb]
        message = (
            f"You cannot {verb} this PaymentIntent because it has a status of {status}. Only a "
            "PaymentIntent with one of the following statuses may be "
            f"{participle}: {', '.join(allowed)}."
        )
    return StripeError(
        400, message, code="payment_intent_unexpected_state", payment_intent=public(intent)
    )


ROUTES = [
    Route("POST", "/v1/payment_intents", "payment_intent", _create, _CREATE, _check_create),
    Route("POST", "/v1/payment_intents/:id", "payment_intent", _update, _UPDATE),
    Route("POST", "/v1/payment_intents/:id/confirm", "payment_intent", _confirm, _CONFIRM),
    Route("POST", "/v1/payment_intents/:id/cancel", "payment_intent", _cancel, _CANCEL),
    retrieve("/v1/payment_intents/:id", "payment_intent", "intent"),
    listing("/v1/payment_intents", "payment_intent", {"customer": "customer"}),
]
