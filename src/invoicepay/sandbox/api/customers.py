"""Customers."""

from __future__ import annotations

from invoicepay.sandbox.api.route import Params, Route, listing, retrieve
from invoicepay.sandbox.params import Spec, merge_metadata, metadata, nested, unsettable_text
from invoicepay.sandbox.store import Unit, new_id
from invoicepay.sandbox.wire import Doc, StripeError

_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
_SPEC: Spec = {
    "address": nested(dict.fromkeys(_ADDRESS, unsettable_text)),
    "description": unsettable_text,
    "email": unsettable_text,
    "invoice_settings": nested({"default_payment_method": unsettable_text}),
    "metadata": metadata,
    "name": unsettable_text,
    "phone": unsettable_text,
}


def _create(unit: Unit, params: Params, _: str) -> Doc:
    customer: Doc = {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": unit.at,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": new_id("", 8)[1:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    _apply(unit, customer, params)
    unit.insert(customer)
    unit.emit("customer.created", customer)
    return customer


def _update(unit: Unit, params: Params, id: str) -> Doc:
    customer = unit.get("customer", id, "id")
    before = dict(customer)
    _apply(unit, customer, params)
    previous = {name: before[name] for name in before if before[name] != customer[name]}
    if previous:
        unit.update(customer)
        unit.emit("customer.updated", customer, previous)
    return customer


def _apply(unit: Unit, customer: Doc, params: Params) -> None:
    for name, value in params.items():
        if name == "metadata":
            value = merge_metadata(customer["metadata"], value)
        elif name == "address":
            value = {**dict.fromkeys(_ADDRESS), **(customer["address"] or {}), **value}
        elif name == "invoice_settings":
            _check_default(unit, customer, value.get("default_payment_method"))
            value = {**customer["invoice_settings"], **value}
        customer[name] = value


def _check_default(unit: Unit, customer: Doc, method_id: str | None) -> None:
    param = "invoice_settings[default_payment_method]"
    if method_id is None:
        return
    if unit.get("payment_method", method_id, param, 400)["customer"] != customer["id"]:
        raise StripeError(
            400,
            "The customer does not have a payment method with the ID "
            f"{method_id}. The payment method must be attached to the customer.",
            code="resource_missing",
            param=param,
        )


ROUTES = [
    Route("POST", "/v1/customers", "customer", _create, _SPEC),
    Route("POST", "/v1/customers/:id", "customer", _update, _SPEC),
    retrieve("/v1/customers/:id", "customer"),
    listing("/v1/customers", "customer", {"email": "email"}),
]
