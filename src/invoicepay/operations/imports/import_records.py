"""Import a file of customers, contacts, invoices or payments: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from invoicepay.billing.customer import Actor
from invoicepay.billing.dates import day_number, local_date
from invoicepay.billing.errors import BadInput, Usage, quoted
from invoicepay.billing.ports import Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.identity.authenticate import reread_actor
from invoicepay.operations.imports.contacts import load_contacts
from invoicepay.operations.imports.csv_rows import CsvTable
from invoicepay.operations.imports.customers import load_customers
from invoicepay.operations.imports.invoices import load_invoices
from invoicepay.operations.imports.job import Counts, Imported, Job
from invoicepay.operations.imports.json_rows import SUFFIXES, JsonTable
from invoicepay.operations.imports.layouts import LAYOUTS, ImportKind
from invoicepay.operations.imports.mapping import GENERIC, read_mapping
from invoicepay.operations.imports.mapping import Mapping as FileMapping
from invoicepay.operations.imports.payments import load_payments
from invoicepay.operations.imports.problems import Problems
from invoicepay.operations.imports.source import Source


@dataclass(frozen=True, slots=True)
class ImportRecords(Request[Imported]):
    """`kind`: customers, contacts, invoices or payments. `mapping`: the path of a TOML file,
    empty for the generic layout. `update`: replace records whose content differs."""

    kind: str
    path: str
    mapping: str = ""
    preset: str = ""
    dry_run: bool = False
    update: bool = False


class _Undone(Exception):
    """Carries a dry run's result out of the transaction that it undoes."""

    def __init__(self, result: Imported) -> None:
        self.result = result


def import_records(request: ImportRecords, actor: Actor, ports: Ports) -> Imported:
    """Import a file, all of it or nothing. Raises BadRows with every bad line, BadInput for a file
    or mapping that cannot be read, DoesNotTie where an invoice's figures in the ledger are not the
    sums of its rows, NotFound, NotAllowed, Usage."""
    kind, mapping = _kind(request.kind), GENERIC
    if request.preset:
        raise BadInput("bad_mapping", f"there is no preset {quoted(request.preset)}", _NO_PRESET)
    if request.mapping:
        mapping = read_mapping(Path(request.mapping), kind)
    with Source(Path(request.path), mapping.encoding) as source:
        now, seed = ports.clock.now(), UUID(ports.ids.new())

        def load(unit: Unit) -> Imported:
            result = _import(request, kind, mapping, source, unit, actor, now, seed)
            if request.dry_run:
                raise _Undone(result)
            return result

        try:
            return ports.ledger.transact(load)
        except _Undone as undone:
            return undone.result


_NO_PRESET = "Describe the file with --mapping; docs/importing.md shows how."


def _kind(text: str) -> ImportKind:
    try:
        return ImportKind(text)
    except ValueError:
        kinds = ", ".join(kind.value for kind in ImportKind)
        raise Usage("usage", f"cannot import {quoted(text)}", f"Name one of {kinds}.") from None


def _import(
    request: ImportRecords,
    kind: ImportKind,
    mapping: FileMapping,
    source: Source,
    unit: Unit,
    actor: Actor,
    now: datetime,
    seed: UUID,
) -> Imported:
    """The transaction's body."""
    reread_actor(unit, actor)
    problems = Problems(source.name)
    json_lines = source.path.suffix.lower() in SUFFIXES
    company = unit.company.get()
    imported = Imported(request.kind, source.name, request.dry_run)
    job = Job(
        unit=unit,
        table=(JsonTable if json_lines else CsvTable)(source, LAYOUTS[kind], mapping, problems.add),
        mapping=mapping,
        problems=problems,
        actor=actor,
        now=now,
        identity=unit.company.identity(),
        currency=company.currency,
        today=day_number(local_date(now, company.time_zone)),
        update=request.update,
        size=source.size,
        imported=imported,
    )
    match kind:
        case ImportKind.CUSTOMERS:
            load_customers(job)
        case ImportKind.CONTACTS:
            load_contacts(job, seed)
        case ImportKind.INVOICES:
            load_invoices(job)
        case ImportKind.PAYMENTS:
            load_payments(job)
    job.check_sums()
    problems.raise_any()
    imported.sha256 = source.digest
    if imported.changes:
        unit.journal.append(
            "file.imported", source.digest, actor.email, now, _journal_data(kind, imported)
        )
    return imported


def _journal_data(kind: ImportKind, imported: Imported) -> Mapping[str, object]:
    counts = imported.counts.items()
    return {
        "kind": kind.value,
        "file": imported.file,
        "added_changed_unchanged": {n: list(astuple(c)) for n, c in counts if c != Counts()},
        "added_minor": imported.added_minor,
    }
