"""What an endpoint accepts. Parameters are read before anything is executed, so what is refused
here is not stored under an idempotency key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from invoicepay.sandbox import currencies
from invoicepay.sandbox.wire import Form, StripeError

# A reader turns what the form holds under a name into a value, or refuses it.
Reader = Callable[[Any, str], Any]

MAX_AMOUNT = 99_999_999  # minor units
_INTEGER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class Required:
    """A parameter that must be there."""

    reader: Reader


Spec = Mapping[str, Reader | Required]


def read(form: Form, spec: Spec, prefix: str = "") -> dict[str, Any]:
    """The form's values by name; parameters that are not given are absent."""
    for name in form:
        if name not in spec:
            full = _full(prefix, name)
            raise StripeError(
                400, f"Received unknown parameter: {full}", code="parameter_unknown", param=full
            )
    values: dict[str, Any] = {}
    for name, field in spec.items():
        full = _full(prefix, name)
        if name in form:
            reader = field.reader if isinstance(field, Required) else field
            values[name] = reader(form[name], full)
        elif isinstance(field, Required):
            raise StripeError(
                400, f"Missing required param: {full}.", code="parameter_missing", param=full
            )
    return values


def _full(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise StripeError(400, "Invalid string: {}", param=name)
    return value


def _invalid(kind: str, value: str, name: str, code: str | None = None) -> StripeError:
    return StripeError(400, f"Invalid {kind}: {value[:100]}", code=code, param=name)


def text(value: Any, name: str) -> str:
    """A string that cannot be unset."""
    given = unsettable_text(value, name)
    if given is None:
        raise StripeError(
            400,
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{name}' cannot be unset. You should remove '{name}' "
            "from your request or supply a non-empty value.",
            code="parameter_invalid_empty",
            param=name,
        )
    return given


def unsettable_text(value: Any, name: str) -> str | None:
    """A string; the empty one unsets."""
    given = _string(value, name)
    if len(given) > 5000:
        raise StripeError(
            400, f"Invalid string: {given[:20]}...; must be at most 5000 characters", param=name
        )
    return given or None


def integer(value: Any, name: str) -> int:
    given = _string(value, name)
    if not _INTEGER.fullmatch(given):
        raise _invalid("integer", given, name, "parameter_invalid_integer")
    return int(given)


def between(low: int, high: int) -> Reader:
    def reader(value: Any, name: str) -> int:
        given = integer(value, name)
        if not low <= given <= high:
            side = (
                f"greater than or equal to {low}"
                if given < low
                else f"less than or equal to {high}"
            )
            raise StripeError(
                400, f"This value must be {side}.", code="parameter_invalid_integer", param=name
            )
        return given

    return reader


def amount(value: Any, name: str) -> int:
    """Minor units, at least 1; the smallest amount depends on the currency: `check_amount`."""
    given = integer(value, name)
    if given < 1:
        raise StripeError(
            400,
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param=name,
        )
    if given > MAX_AMOUNT:
        raise StripeError(
            400,
            f"Amount must be no more than {MAX_AMOUNT} in the currency's smallest unit.",
            code="amount_too_large",
            param=name,
        )
    return given


def check_amount(minor_units: int, currency: str) -> None:
    """What can only be said of an amount once its currency is known."""
    least = currencies.minimum(currency)
    if minor_units < least:
        raise StripeError(
            400,
            f"Amount must be at least {least} {currency} in the currency's smallest unit.",
            code="amount_too_small",
            param="amount",
        )
    step = currencies.step(currency)
    if minor_units % step:
        raise StripeError(
            400,
            f"Invalid amount: {minor_units}. Amounts in {currency} must be multiples of {step}.",
            code="parameter_invalid_integer",
            param="amount",
        )


def currency(value: Any, name: str) -> str:
    given = text(value, name).lower()
    if given not in currencies.SUPPORTED:
        raise StripeError(
            400,
            f"Invalid currency: {given[:20]}. Stripe currently supports these currencies: "
            f"{', '.join(sorted(currencies.SUPPORTED))}",
            param=name,
        )
    return given


def boolean(value: Any, name: str) -> bool:
    given = _string(value, name)
    if given not in {"true", "false"}:
        raise _invalid("boolean", given, name)
    return given == "true"


def choice(*allowed: str) -> Reader:
    def reader(value: Any, name: str) -> str:
        given = text(value, name)
        if given not in allowed:
            raise StripeError(
                400, f"Invalid {name}: must be one of {', '.join(allowed)}", param=name
            )
        return given

    return reader


def off_session(value: Any, name: str) -> bool:
    """A boolean, or the older words for yes."""
    return value in ("one_off", "recurring") or boolean(value, name)


def nested(spec: Spec) -> Reader:
    def reader(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise StripeError(400, "Invalid object", param=name)
        return read(value, spec, name)

    return reader


def anything(value: Any, name: str) -> Any:
    """Taken as it is and not looked at."""
    return value


def strings(value: Any, name: str) -> list[str]:
    if not isinstance(value, dict) or not all(key.isdecimal() for key in value):
        raise StripeError(400, "Invalid array", param=name)
    return [text(value[key], f"{name}[{key}]") for key in sorted(value, key=int)]


def timestamp_range(value: Any, name: str) -> dict[str, int]:
    """An exact unix timestamp, or bounds on one: `{"gte": 0, "lt": 60}`."""
    if isinstance(value, dict):
        return read(value, dict.fromkeys(("gt", "gte", "lt", "lte"), integer), name)
    exactly = integer(value, name)
    return {"gte": exactly, "lte": exactly}


def metadata(value: Any, name: str) -> dict[str, str]:
    """Changes to metadata: an empty value drops its key, and `metadata=` drops all of them."""
    if value == "":
        return {"": ""}
    if not isinstance(value, dict):
        raise StripeError(400, "Invalid object", param=name)
    for key, given in value.items():
        held = _string(given, f"{name}[{key}]")
        if len(key) > 40:
            raise StripeError(
                400,
                f"Metadata keys can have up to 40 characters, but you passed in a key that is "
                f"{len(key)} characters. Invalid key: {key[:60]}",
                param=name,
            )
        if len(held) > 500:
            raise StripeError(
                400,
                f"Metadata values can have up to 500 characters, but you passed in a value that "
                f"is {len(held)} characters. Invalid value: {held[:20]}...",
                param=f"{name}[{key}]",
            )
    _check_count(len([key for key, given in value.items() if given]), name)
    return value


def merge_metadata(old: dict[str, str], changes: dict[str, str]) -> dict[str, str]:
    if changes == {"": ""}:
        return {}
    merged = {key: value for key, value in {**old, **changes}.items() if value}
    _check_count(len(merged), "metadata")
    return merged


def _check_count(count: int, name: str) -> None:
    if count > 50:
        raise StripeError(
            400, f"You can set at most 50 metadata keys, but there are {count}.", param=name
        )
