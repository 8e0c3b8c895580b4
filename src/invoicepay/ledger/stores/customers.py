"""The company, the ledger's identity, and the customers."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime

from invoicepay.billing.customer import Address, Company, Customer, Scope, emails_of
from invoicepay.billing.dates import check_time_zone
from invoicepay.billing.errors import BadInput
from invoicepay.billing.identity import LedgerIdentity, Mode
from invoicepay.billing.spelling import skeleton
from invoicepay.ledger.rows import (
    Row,
    instant_of,
    instant_text,
    optional_instant,
    reads,
)
from invoicepay.ledger.skeletons import ids_alike
from invoicepay.ledger.stores.scope import customer_in

_COMPANY = (
    "name, address, email, phone, website, tax_id, time_zone, currency, terms, remit_to, logo"
)
_EXCLUDED = ", ".join(f"excluded.{name}" for name in _COMPANY.split(", "))
_ID = r"[A-Za-z0-9][A-Za-z0-9-]{0,63}"


class CompanyRow:
    """Implements billing.ports.CompanyStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self) -> Company:
        return _company(self._one(f"SELECT {_COMPANY} FROM company"))

    def put(self, company: Company) -> None:
        self._db.execute(
            f"INSERT INTO company (one, {_COMPANY}) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            f"ON CONFLICT (one) DO UPDATE SET ({_COMPANY}) = ({_EXCLUDED})",
            (
                company.name,
                address_text(company.address),
                company.email,
                company.phone,
                company.website,
                company.tax_id,
                company.time_zone,
                company.currency,
                company.terms,
                company.remit_to,
                company.logo,
            ),
        )

    def identity(self) -> LedgerIdentity:
        return _identity(
            self._one("SELECT id, mode, gateway_account, reconciled_until FROM ledger")
        )

    def created_at(self) -> datetime:
        return _instant(self._one("SELECT created_at FROM ledger"))

    def bind_gateway(self, account: str) -> None:
        self._db.execute("UPDATE ledger SET gateway_account = ?", (account,))

    def gateway_object(self) -> str:
        for table in ("payments", "customers"):
            row = self._db.execute(
                f"SELECT gateway_id FROM {table} WHERE gateway_id <> '' LIMIT 1"
            ).fetchone()
            if row:
                return str(row[0])
        return ""

    def set_reconciled(self, until: datetime) -> None:
        self._db.execute("UPDATE ledger SET reconciled_until = ?", (instant_text(until),))

    def _one(self, query: str) -> Row:
        return self._db.execute(query).fetchone() or ()


@reads("the company", "s s s s s s s s s s b")
def _company(row: Row) -> Company:
    name, address, *rest = row
    company = Company(name, address_of(address), *rest)
    try:
        if company.time_zone != "UTC":  # finding others takes longer
            check_time_zone(company.time_zone)
    except BadInput as error:
        raise ValueError(error.message) from None
    return company


@reads("what ledger this is", "s s s s?")
def _identity(row: Row) -> LedgerIdentity:
    if not re.fullmatch(_ID, row[0]):  # files and keys are named after it
        raise ValueError("its id is not one of ours")
    return LedgerIdentity(row[0], Mode(row[1]), row[2], optional_instant(row[3]))


@reads("what ledger this is", "s")
def _instant(row: Row) -> datetime:
    return instant_of(row[0])


_CUSTOMER = "number, name, email, address, currency, terms_days, gateway_id"


class Customers:
    """Implements billing.ports.CustomerStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, number: str, scope: Scope) -> Customer | None:
        if not scope.has(number):
            return None
        row = self._db.execute(
            f"SELECT {_CUSTOMER} FROM customers WHERE number = ?", (number,)
        ).fetchone()
        return _customer(row) if row else None

    def alike(self, text: str, scope: Scope) -> list[Customer]:
        if scope.customers is not None:  # nothing is read of another's, so time tells nothing
            form = skeleton(text)
            numbers = sorted(n for n in scope.customers if skeleton(n) == form)
        else:
            ids, values = ids_alike(text, "customers")
            rows = self._db.execute(f"SELECT number FROM customers WHERE id IN {ids}", values)
            numbers = sorted(number for (number,) in rows)
        return [customer for number in numbers if (customer := self.get(number, scope))]

    def all(self, scope: Scope) -> list[Customer]:
        where, values = customer_in(scope, "id")
        rows = self._db.execute(
            f"SELECT {_CUSTOMER} FROM customers WHERE {where} ORDER BY number", values
        )
        return [_customer(row) for row in rows]

    def by_gateway_id(self, gateway_id: str) -> Customer | None:
        row = self._db.execute(
            f"SELECT {_CUSTOMER} FROM customers WHERE gateway_id = ?", (gateway_id,)
        ).fetchone()
        return _customer(row) if row else None

    def set_gateway_id(self, number: str, gateway_id: str) -> bool:
        done = self._db.execute(
            "UPDATE customers SET gateway_id = ? WHERE number = ? AND gateway_id = ''",
            (gateway_id, number),
        )
        return done.rowcount == 1


@reads("a customer", "s s s s s i s")
def _customer(row: Row) -> Customer:
    number, name, email, address, currency, terms_days, gateway_id = row
    return Customer(
        number, name, emails_of(email), address_of(address), currency, terms_days, gateway_id
    )


def address_text(address: Address) -> str:
    return "\n".join(address.lines)


def address_of(text: str) -> Address:
    return Address(tuple(text.split("\n")) if text else ())
