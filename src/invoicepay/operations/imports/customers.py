"""Customers from a file, and those that invoices bring along."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from invoicepay.billing.customer import Address, Customer, emails_of
from invoicepay.billing.errors import BadInput, quoted
from invoicepay.billing.ports import LoadedCustomer
from invoicepay.billing.spelling import normalized
from invoicepay.billing.text import NAME_LENGTH
from invoicepay.operations.imports.cells import (
    NUMBER_LENGTH,
    Currencies,
    as_spelled,
    free_text,
    record_number,
)
from invoicepay.operations.imports.job import BATCH, Job, Seen, twice
from invoicepay.operations.imports.problems import CellError
from invoicepay.operations.imports.shape import ABSENT
from invoicepay.operations.imports.spellings import Spellings
from invoicepay.operations.mailing.address import check_emails

_REMEMBERED = 100_000
_COMPARED = {
    "name": "name",
    "email": "emails",
    "address": "address",
    "currency": "currency",
    "terms_days": "terms_days",
}
"""Column → what it is of a Customer."""


class _Read(NamedTuple):
    """A customer as the file has it. `said`: what the file says of it."""

    line: int
    customer: Customer
    said: tuple[str, ...]


def load_customers(job: Job) -> None:
    """Add and, with `update`, change customers."""
    seen = Seen(job.unit.loading.next_id("customers"))
    batch = dict[str, _Read]()
    currencies = Currencies()
    for line, row in job.table.rows():
        try:
            customer = _customer(job, row, currencies)
            if customer.number in batch:
                raise twice("number", customer.number)
        except CellError as error:
            job.refuse(line, error)
            continue
        index = job.table.shape.index
        said = tuple(of for column, of in _COMPARED.items() if row[index[column]] is not ABSENT)
        batch[customer.number] = _Read(line, customer, said)
        if len(batch) >= BATCH:
            _put(job, batch, seen)
            batch.clear()
    _put(job, batch, seen)


def _customer(job: Job, row: list[str], currencies: Currencies) -> Customer:
    index = job.table.shape.index
    number = record_number(row[index["number"]], "number")
    name = free_text(row[index["name"]], "name", most=NAME_LENGTH, lines=False)
    if not name:
        raise CellError("name", "it is empty")
    address = free_text(row[index["address"]], "address")
    terms = row[index["terms_days"]].strip()
    if terms and not (terms.isascii() and terms.isdigit() and len(terms) <= 3):
        raise CellError("terms_days", f"{quoted(terms)} is not a number of days below 1000")
    currency = row[index["currency"]].strip()
    try:
        currency = currencies[currency] if currency else ""
    except ValueError as error:
        raise CellError("currency", str(error)) from None
    return Customer(
        number=number,
        name=name,
        emails=_emails(row[index["email"]]),
        address=Address(tuple(address.split("\n")) if address else ()),
        currency=currency,
        terms_days=int(terms) if terms else 30,
    )


def _emails(text: str) -> tuple[str, ...]:
    try:
        return check_emails(text)
    except BadInput as error:
        raise CellError("email", error.message) from None


def _put(job: Job, batch: dict[str, _Read], seen: Seen) -> None:
    """Compare `batch` with the ledger, and write what is new or changed."""
    counts = job.imported.customers
    batch = _find_numbers(job, batch)
    stored = job.unit.loading.customers(list(batch))
    written, changed = [], []
    for number, (line, customer, said) in batch.items():
        old = stored.get(number)
        if old is None:
            written.append(customer)
            continue
        if seen.again(old.id):
            job.refuse(line, twice("number", number))
            continue
        # A column that the file lacks says nothing, nor does a key that a JSON object lacks.
        before = Customer(
            old.number,
            old.name,
            emails_of(old.email),
            _address(old.address),
            old.currency,
            old.terms_days,
        )
        after = replace(before, **{f: getattr(customer, f) for f in said})
        if after == before:
            counts.unchanged += 1
        elif job.update:
            changed.append(after)
        else:
            what = next(
                column
                for column, of in _COMPARED.items()
                if getattr(after, of) != getattr(before, of)
            )
            reason = f"customer {number} is in the ledger with another {what}"
            job.refuse(line, CellError(what, reason, "changed_record"))
    job.unit.loading.put_customers(written + changed)
    job.journal([("customer.changed", c.number, {"name": c.name}) for c in changed])
    counts.added += len(written)
    counts.changed += len(changed)


def _find_numbers(job: Job, batch: dict[str, _Read]) -> dict[str, _Read]:
    """`batch` under the numbers that the ledger has, or is to have, without those that look like
    another's."""
    spellings = Spellings(job.unit.loading, "customers", list(batch))
    found = dict(spellings.find_new(list(batch), "number"))
    named = dict[str, _Read]()
    for place, (text, read) in enumerate(batch.items()):
        number = found.get(place, text)
        if isinstance(number, str) and number in named:
            number = twice("number", number)
        if isinstance(number, CellError):
            job.refuse(read.line, number)
        else:
            named[number] = read._replace(customer=replace(read.customer, number=number))
    return named


def _address(text: str) -> Address:
    return Address(tuple(text.split("\n")) if text else ())


def find_customer(job: Job, text: str, field: str) -> LoadedCustomer | None:
    """The customer called `text`, None for none. Raises CellError where it looks like another."""
    loading = job.unit.loading
    return loading.customer(Spellings(loading, "customers", [text]).find(text, field))


class Owners(dict[str, LoadedCustomer | None]):
    """Customer number, as it stands in a cell → the customer; None where there is none. Raises
    CellError for what can be no number."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job
        self.number_of: dict[int, str] = {}

    def __missing__(self, text: str) -> LoadedCustomer | None:
        number = as_spelled(text, "customer")
        owner = find_customer(self._job, number, "customer") if number else None
        if owner is not None:
            self._remember(text, owner)
        return owner

    def add(self, text: str, name: str) -> LoadedCustomer:
        """A customer that an invoice brings along. Raises CellError unless the mapping says
        `create_customers`."""
        number = normalized(record_number(text, "customer"))
        if not self._job.mapping.create_customers:
            raise CellError("customer", f"there is no customer {quoted(number)}")
        name = free_text(name, "customer_name", most=NAME_LENGTH, lines=False) or number
        self._job.unit.loading.put_customers([Customer(number, name)])
        self._job.imported.customers.added += 1
        owner = self._job.unit.loading.customer(number)
        assert owner is not None
        self._remember(text, owner)
        return owner

    def _remember(self, text: str, owner: LoadedCustomer) -> None:
        if len(self) >= _REMEMBERED:
            self.clear()
        if len(text) <= 2 * NUMBER_LENGTH:
            self[text] = owner
        self.number_of[owner.id] = owner.number
