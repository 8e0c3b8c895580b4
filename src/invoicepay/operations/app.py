"""`app.call(request)`: the only way in. It authenticates, checks rights, and runs the verb."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from invoicepay.billing.errors import NotAllowed
from invoicepay.operations.rights import PUBLIC, RIGHTS

if TYPE_CHECKING:
    from invoicepay.billing.customer import Actor
    from invoicepay.billing.ports import Ports

R = TypeVar("R", covariant=True)


class Request(Generic[R]):
    """Base of every request; R is what its verb returns.

    Its verb stands beside it, the same name in snake case: `ListInvoices` and
    `list_invoices(request, actor, ports)`. The verb's docstring names what it raises. Besides that
    any verb raises Unreachable where the ledger's file cannot be used, and DoesNotTie or BadInput
    where what is in it was damaged or edited.
    """

    __slots__ = ()


class App:
    """The local application. `secret` yields the session's or token's secret, or "" for none."""

    def __init__(self, ports: Ports, secret: Callable[[], str]) -> None:
        self._ports = ports
        self._secret = secret

    def call(self, request: Request[R]) -> R:
        """Run the verb of `request`. Raises an InvoicepayError; NotAllowed before anything
        is read for the request itself."""
        actor = self.check(type(request))
        return cast(R, verb_of(type(request))(request, actor, self._ports))

    def check(self, request: type[Request[Any]]) -> Actor | None:
        """Who would call such a request; None where it is for everybody. Raises NotAllowed.

        For callers that must open a file or ask a person before they can make the request.
        """
        roles = RIGHTS[request.__name__]
        if roles is PUBLIC:
            return None
        from invoicepay.operations.identity.authenticate import authenticate

        actor = authenticate(self._secret(), self._ports)
        if actor.role not in roles:
            raise NotAllowed(
                "not_allowed",
                f"{actor.email} ({actor.role}) may not do this",
                f"Ask a contact with the role {' or '.join(sorted(roles))}.",
            )
        return actor


def verb_of(request: type[Request[Any]]) -> Callable[..., Any]:
    """The function of such requests: named like them, in their module."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", request.__name__).lower()
    return cast(Callable[..., Any], getattr(sys.modules[request.__module__], name))
