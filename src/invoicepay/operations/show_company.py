"""The company that bills, and which ledger this is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor, Company
from invoicepay.billing.dates import local_date
from invoicepay.billing.identity import LedgerIdentity
from invoicepay.operations.app import Request

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports


@dataclass(frozen=True, slots=True)
class CompanyView:
    """`today`: in the company's time zone."""

    company: Company
    ledger: LedgerIdentity
    today: date


@dataclass(frozen=True, slots=True)
class ShowCompany(Request[CompanyView]):
    pass


def show_company(request: ShowCompany, actor: Actor, ports: Ports) -> CompanyView:
    with ports.ledger.read() as unit:
        company = unit.company.get()
        today = local_date(ports.clock.now(), company.time_zone)
        return CompanyView(company, unit.company.identity(), today)
