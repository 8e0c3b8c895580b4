"""One attempt to take an intent's money: it is paid, on its way, asked about or declined."""

from __future__ import annotations

from invoicepay.sandbox import bank, settlement
from invoicepay.sandbox.api.payment_methods import spent
from invoicepay.sandbox.api.route import Params
from invoicepay.sandbox.store import Unit, public
from invoicepay.sandbox.wire import Doc, StripeError


def check_owner(intent: Doc, method: Doc) -> None:
    if method["customer"] != intent["customer"]:
        raise StripeError(
            400,
            f"The customer does not have a payment method with the ID {method['id']}. The "
            "payment method must be attached to the customer.",
            code="resource_missing",
            param="payment_method",
        )


def check_currency(intent: Doc, method: Doc) -> None:
    if method["type"] == bank.BANK_ACCOUNT and intent["currency"] != "usd":
        raise StripeError(
            400,
            f"The currency provided ({intent['currency']}) is invalid for one of the payment "
            "method types: us_bank_account. Payments with us_bank_account support the following "
            "currencies: usd.",
            code="payment_intent_invalid_parameter",
            param="payment_method",
        )


def attempt(unit: Unit, intent: Doc, values: Params) -> Doc:
    """Try to take the money, now or, for a bank debit, in days."""
    method = _payable_method(unit, intent, values)
    test = bank.behaviour(method)
    if bank.is_blocked(method):
        raise _fail(unit, intent, method, _blocked())
    if test.authentication or not test.verified:
        return _ask(unit, intent, method, values)
    if test.type == bank.BANK_ACCOUNT:
        return settlement.start_debit(unit, intent, method, values.get("mandate"))
    if test.charge:
        raise _decline(unit, intent, method, test.charge)
    return settlement.succeed_card(unit, intent, method)


def _payable_method(unit: Unit, intent: Doc, values: Params) -> Doc:
    if intent["payment_method"] is None:
        raise StripeError(
            400,
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
            "either update the PaymentIntent with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method or ConfirmationToken.",
            code="payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    automatic = intent["automatic_payment_methods"]
    redirects = automatic["enabled"] and automatic["allow_redirects"] == "always"
    if redirects and "return_url" not in values:
        raise StripeError(
            400,
            "This PaymentIntent is configured to accept payment methods enabled in your "
            "Dashboard. Because some of these payment methods might redirect your customer off "
            "of your page, you must provide a `return_url`. If you don't want to accept "
            "redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` "
            "and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup "
            "Intents and Payment Intents.",
            param="return_url",
        )
    method = unit.get("payment_method", intent["payment_method"], "payment_method", 400)
    if method.get("_detached"):
        raise spent()
    check_currency(intent, method)
    if method["customer"] is not None:
        check_owner(intent, method)  # the intent's customer may have been changed since
    return method


def _ask(unit: Unit, intent: Doc, method: Doc, values: Params) -> Doc:
    """The customer must act. Where the request says that nobody can, that is a decline."""
    card = method["type"] == bank.CARD
    if values.get("off_session"):
        if card:
            raise _decline(unit, intent, method, bank.AUTHENTICATION)
        raise _fail(unit, intent, method, bank.card_error(bank.UNVERIFIED))
    if values.get("error_on_requires_action"):
        why = bank.NOT_HANDLED if card else bank.UNVERIFIED
        raise _fail(unit, intent, method, bank.card_error(why))
    action: Doc
    if not card:
        action = {
            "arrival_date": unit.at + settlement.MICRODEPOSITS_FAIL_AFTER,
            # There is no such page here: .invalid never resolves.
            "hosted_verification_url": f"https://sandbox.invalid/microdeposits/{intent['id']}",
            "microdeposit_type": "descriptor_code",
        }
        kind = "verify_with_microdeposits"
        settlement.await_microdeposits(unit, intent)
    elif "return_url" in values:
        kind, action = "redirect_to_url", {"return_url": values["return_url"], "url": None}
    else:
        kind, action = "use_stripe_sdk", {"type": "three_d_secure_redirect"}
    intent |= {"status": "requires_action", "next_action": {"type": kind, kind: action}}
    unit.update(intent)
    unit.emit("payment_intent.requires_action", intent)
    return intent


def _decline(unit: Unit, intent: Doc, method: Doc, why: bank.Decline) -> StripeError:
    """The card's bank said no: a failed charge stays behind."""
    charge = settlement.decline_card(unit, intent, method, why)
    return _fail(unit, intent, method, bank.card_error(why, charge=charge["id"]))


def _fail(unit: Unit, intent: Doc, method: Doc, error: StripeError) -> StripeError:
    settlement.fail_intent(unit, intent, method, error)
    error.error |= {"payment_intent": public(intent), "payment_method": public(method)}
    return error


def _blocked() -> StripeError:
    return StripeError(
        400,
        "This bank account has been blocked for debits because of an earlier return or dispute.",
        code="payment_method_bank_account_blocked",
        param="payment_method",
        stands=True,
    )
