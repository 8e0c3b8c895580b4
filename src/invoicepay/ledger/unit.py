"""One transaction's stores, each imported and made when first asked for."""

from __future__ import annotations

import sqlite3
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from invoicepay.ledger.stores.books import Books
    from invoicepay.ledger.stores.comparison import Comparisons
    from invoicepay.ledger.stores.contacts import Contacts
    from invoicepay.ledger.stores.customers import CompanyRow, Customers
    from invoicepay.ledger.stores.invoices import Invoices
    from invoicepay.ledger.stores.journal import Journal
    from invoicepay.ledger.stores.loading import Loading
    from invoicepay.ledger.stores.methods import Methods
    from invoicepay.ledger.stores.outbox import Outbox
    from invoicepay.ledger.stores.payments import Payments
    from invoicepay.ledger.stores.restores import Restores
    from invoicepay.ledger.stores.sessions import Sessions


class SqliteUnit:
    """Implements billing.ports.Unit on one connection with an open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @cached_property
    def company(self) -> CompanyRow:
        from invoicepay.ledger.stores.customers import CompanyRow

        return CompanyRow(self._connection)

    @cached_property
    def customers(self) -> Customers:
        from invoicepay.ledger.stores.customers import Customers

        return Customers(self._connection)

    @cached_property
    def contacts(self) -> Contacts:
        from invoicepay.ledger.stores.contacts import Contacts

        return Contacts(self._connection)

    @cached_property
    def sessions(self) -> Sessions:
        from invoicepay.ledger.stores.sessions import Sessions

        return Sessions(self._connection)

    @cached_property
    def invoices(self) -> Invoices:
        from invoicepay.ledger.stores.invoices import Invoices

        return Invoices(self._connection)

    @cached_property
    def methods(self) -> Methods:
        from invoicepay.ledger.stores.methods import Methods

        return Methods(self._connection)

    @cached_property
    def payments(self) -> Payments:
        from invoicepay.ledger.stores.payments import Payments

        return Payments(self._connection)

    @cached_property
    def outbox(self) -> Outbox:
        from invoicepay.ledger.stores.outbox import Outbox

        return Outbox(self._connection)

    @cached_property
    def journal(self) -> Journal:
        from invoicepay.ledger.stores.journal import Journal

        return Journal(self._connection)

    @cached_property
    def books(self) -> Books:
        from invoicepay.ledger.stores.books import Books

        return Books(self._connection)

    @cached_property
    def comparison(self) -> Comparisons:
        from invoicepay.ledger.stores.comparison import Comparisons

        return Comparisons(self._connection)

    @cached_property
    def restores(self) -> Restores:
        from invoicepay.ledger.stores.restores import Restores

        return Restores(self._connection)

    @cached_property
    def loading(self) -> Loading:
        from invoicepay.ledger.stores.loading import Loading

        return Loading(self._connection)
