"""The company as JSON, CSV and on the screen."""

from __future__ import annotations

from invoicepay.billing.customer import Company
from invoicepay.cli.records import Field, Record
from invoicepay.operations.mailing.address import readable

COMPANY = Record[Company](
    Field("name", lambda c: c.name),
    Field("address", lambda c: list(c.address.lines)),
    Field("email", lambda c: c.email),
    Field("phone", lambda c: c.phone),
    Field("website", lambda c: c.website),
    Field("tax_id", lambda c: c.tax_id),
    Field("time_zone", lambda c: c.time_zone),
    Field("currency", lambda c: c.currency),
    Field("terms", lambda c: c.terms),
    Field("remit_to", lambda c: c.remit_to),
    Field("logo", lambda c: bool(c.logo)),
)


def company_facts(company: Company) -> dict[str, str]:
    return {
        "Name": company.name,
        "Address": " / ".join(company.address.lines),
        "E-mail": readable(company.email),
        "Phone": company.phone,
        "Website": company.website,
        "Tax id": company.tax_id,
        "Time zone": company.time_zone,
        "Currency": company.currency,
        "Terms": " / ".join(company.terms.splitlines()),
        "Remit to": " / ".join(company.remit_to.splitlines()),
        "Logo": f"{len(company.logo):,} bytes" if company.logo else "none",
    }
