"""Choose what payments use when they name no method."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import Refused, not_found
from invoicepay.billing.method import Method, MethodStatus
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request


@dataclass(frozen=True, slots=True)
class SetDefaultMethod(Request[Method]):
    method_id: str


def set_default_method(request: SetDefaultMethod, actor: Actor, ports: Ports) -> Method:
    """The method, now the default of its type and preferred over the other type. Raises
    NotFound, and Refused for one that cannot be used."""
    with ports.ledger.write() as unit:
        method = unit.methods.get(request.method_id, actor.scope)
        if method is None or method.removed:
            raise not_found("payment method", request.method_id)
        now = ports.clock.now()
        status = method.status(local_date(now, unit.company.get().time_zone))
        if status is not MethodStatus.ACTIVE:
            raise Refused(
                "method_unusable",
                f"{method.name} ({method.id}) cannot be the default: {status.replace('_', ' ')}",
                "Choose another; `invoicepay methods list` shows them.",
            )
        unit.methods.set_default(method)
        unit.journal.append("method.default", method.id, actor.email, now, {})
        changed = unit.methods.get(method.id, actor.scope)
        assert changed is not None
        return changed
