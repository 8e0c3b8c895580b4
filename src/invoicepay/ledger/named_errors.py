"""SQLite's and the system's errors in our words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from invoicepay.billing.errors import DoesNotTie, InvoicepayError, Unreachable

# Not that nothing was changed: what was written before this stands.
_CHECK_DISK = "Check the disk and the file's rights, then try again."
NAME_IT = "Name the ledger with --ledger or INVOICEPAY_LEDGER."
MAYBE_CHANGED = "Check the disk, and what is there now: this change may have been kept."
_DAMAGED = (
    "Let nobody pay. `invoicepay doctor` says what is wrong, `invoicepay restore BACKUP` puts a "
    "backup in its place."
)
# What the disk, the system or another program is to blame for, by SQLite's primary code.
_NOT_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)


def is_damage(error: BaseException | None) -> bool:
    """Whether the error comes from the file's contents, not from the disk or another program."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF not in _NOT_DAMAGE


@contextmanager
def named_errors(path: Path, hint: str = _CHECK_DISK) -> Iterator[None]:
    """Raises Unreachable: `ledger_unusable` where the file cannot be used as things are,
    `ledger_damaged` where what is in it cannot be right; and DoesNotTie where the ledger's own
    rules refuse a change."""
    try:
        yield
    except (InvoicepayError, sqlite3.ProgrammingError):
        raise
    except sqlite3.IntegrityError as error:
        # Whether the code is wrong or the rows are: it must not read like a bad disk.
        raise DoesNotTie(
            "books_differ",
            f"the ledger {path} refuses a change that breaks its rules: {error}",
            "Let nobody pay until `invoicepay doctor` finds nothing.",
        ) from error
    except sqlite3.Error as error:
        if is_damage(error):
            raise Unreachable(
                "ledger_damaged", f"the ledger {path} is damaged: {error}", _DAMAGED
            ) from error
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            hint = NAME_IT
        raise _unusable(path, error, hint) from error
    except OSError as error:
        raise _unusable(path, error, hint) from error


def _unusable(path: Path, error: Exception, hint: str) -> Unreachable:
    return Unreachable("ledger_unusable", f"the ledger {path} cannot be used: {error}", hint)
