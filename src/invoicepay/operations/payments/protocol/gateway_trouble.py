"""The gateway's trouble as an error of ours."""

from __future__ import annotations

from invoicepay.billing.errors import Unreachable
from invoicepay.billing.ports import NoAnswer, Rejected, Unreadable

LOOK_IT_UP = (
    "Finance: look it up in the gateway's dashboard, and cancel it there if it should not be "
    "charged; a newer invoicepay may be able to read it."
)
"""What to do about an intent that cannot be read."""


def unreachable(error: NoAnswer | Rejected, hint: str = "") -> Unreachable:
    """The gateway's trouble in one line. `hint` where it is not certain that nothing was
    charged."""
    if isinstance(error, Unreadable):
        hint = f"{hint or 'Nothing was charged.'} {LOOK_IT_UP}"
        return Unreachable("gateway_unreadable", f"the gateway's {error}", hint)
    if isinstance(error, Rejected):
        said = f"the gateway refused: {error.message}"
        hint = hint or "Nothing was charged. Change what it names, or show finance this line."
        return Unreachable("gateway_refused", said, hint)
    said = f"the gateway cannot be reached: {error}"
    hint = hint or "Nothing was charged. Try again later."
    if error.hint:
        hint = f"{hint} {error.hint}"
    return Unreachable("gateway_unreachable", said, hint)
