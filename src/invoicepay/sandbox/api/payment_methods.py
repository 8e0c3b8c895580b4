"""Payment methods. They enter the sandbox only as test tokens: it has no field for a number."""

from __future__ import annotations

from invoicepay.sandbox import bank
from invoicepay.sandbox.api.route import Params, Route, listing
from invoicepay.sandbox.params import Required, choice, text
from invoicepay.sandbox.store import Unit
from invoicepay.sandbox.view import PAGING, page
from invoicepay.sandbox.wire import Doc, StripeError

_TYPE = choice(bank.CARD, bank.BANK_ACCOUNT)


def _retrieve(unit: Unit, _: Params, id: str) -> Doc:
    if id in bank.TOKENS:  # shown under its own name; attaching it mints an object
        return bank.payment_method(id, unit.at, id)
    return unit.get("payment_method", id, "payment_method")


def _attach(unit: Unit, params: Params, id: str) -> Doc:
    unit.get("customer", params["customer"], "customer", 400)
    if id in bank.TOKENS:
        if declined := bank.TOKENS[id].attach:
            raise bank.card_error(declined)
        method = unit.insert(bank.payment_method(id, unit.at))
    else:
        method = unit.get("payment_method", id, "payment_method")
        if method["customer"] is not None:
            raise StripeError(
                400,
                "The payment method you provided has already been attached to a customer.",
                code="payment_method_unexpected_state",
            )
        raise spent()
    method["customer"] = params["customer"]
    unit.update(method)
    unit.emit("payment_method.attached", method)
    return method


def spent() -> StripeError:
    return StripeError(
        400,
        "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
        "attachment, shared with a connected account without Customer attachment, or was detached "
        "from a Customer. It may not be used again. To use a PaymentMethod multiple times, you "
        "must attach it to a Customer first.",
        code="payment_method_unexpected_state",
        param="payment_method",
    )


def _detach(unit: Unit, _: Params, id: str) -> Doc:
    method = unit.get("payment_method", id, "payment_method")
    owner = method["customer"]
    if owner is None:
        raise StripeError(
            400,
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible.",
            code="payment_method_unexpected_state",
        )
    method |= {"customer": None, "_detached": True}
    unit.update(method)
    unit.emit("payment_method.detached", method, {"customer": owner})
    customer = unit.get("customer", owner, "customer")
    if customer["invoice_settings"]["default_payment_method"] == id:
        before = dict(customer["invoice_settings"])
        customer["invoice_settings"]["default_payment_method"] = None
        unit.update(customer)
        unit.emit("customer.updated", customer, {"invoice_settings": before})
    return method


def _of_customer(unit: Unit, params: Params, id: str) -> Doc:
    unit.get("customer", id, "customer")
    return page(
        unit,
        "payment_method",
        f"/v1/customers/{id}/payment_methods",
        {**params, "customer": id},
        {"customer": "customer", "type": "type"},
    )


ROUTES = [
    Route("GET", "/v1/payment_methods/:id", "payment_method", _retrieve),
    Route(
        "POST",
        "/v1/payment_methods/:id/attach",
        "payment_method",
        _attach,
        {"customer": Required(text)},
    ),
    Route("POST", "/v1/payment_methods/:id/detach", "payment_method", _detach),
    listing(
        "/v1/payment_methods",
        "payment_method",
        {"customer": "customer", "type": "type"},
        {"type": _TYPE},
    ),
    Route(
        "GET",
        "/v1/customers/:id/payment_methods",
        "payment_method",
        _of_customer,
        {**PAGING, "type": _TYPE},
        listed=True,
    ),
]
