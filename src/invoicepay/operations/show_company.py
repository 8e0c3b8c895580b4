"""The company that bills, and which ledger this is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor, Company
from invoicepay.billing.identity import LedgerIdentity
from invoicepay.operations.app import Request

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports


@dataclass(frozen=True, slots=True)
class CompanyView:
    company: Company
    ledger: LedgerIdentity


@dataclass(frozen=True, slots=True)
class ShowCompany(Request[CompanyView]):
    pass


def show_company(request: ShowCompany, actor: Actor, ports: Ports) -> CompanyView:
    with ports.ledger.read() as unit:
        return CompanyView(unit.company.get(), unit.company.identity())
