"""Whether a one-time code would be taken, before its holder chooses a password."""

from __future__ import annotations

from dataclasses import dataclass, field

from invoicepay.billing.customer import Actor, Contact
from invoicepay.billing.errors import NotAllowed
from invoicepay.billing.ports import Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.secret_hash import code_hash
from invoicepay.operations.throttle import login_name


@dataclass(frozen=True, slots=True)
class CheckInvite(Request[None]):
    """`email` may be left out; given, it must be the invited one."""

    code: str = field(repr=False)
    email: str = ""


def check_invite(request: CheckInvite, actor: Actor | None, ports: Ports) -> None:
    """Raises NotAllowed (`invite_invalid`) as `accept_invite` would now; spends nothing."""
    with ports.ledger.read() as unit:
        found = unit.contacts.whose_invite(code_hash(request.code), ports.clock.real_now())
        invited_contact(unit, found, request.email)


def invited_contact(unit: Unit, contact_id: str | None, email: str) -> Contact:
    """The contact whose code was found to be good. Raises NotAllowed (`invite_invalid`), in the
    same words where there is none, it is disabled, or `email` is not theirs."""
    contact = unit.contacts.get(contact_id) if contact_id else None
    if (
        contact is None
        or contact.status == "disabled"
        or (email and login_name(email) != contact.email)
    ):
        raise NotAllowed(
            "invite_invalid",
            "this code is not valid, was used already, or has expired",
            "Check it, or ask whoever invited you for a new one.",
        )
    return contact
