"""The ports of a run: ledger, gateway, mail server and clock, with all that befalls them."""

from __future__ import annotations

import sqlite3
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from invoicepay.billing.customer import Role
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.ports import MailNotSent, Message
from invoicepay.ledger.records import install_change_triggers
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.ledger.unit import SqliteUnit
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.methods import AttachTestMethod
from tests.proofs.simulation.schedule import Choices, Killed, Schedule
from tests.world.clock import START, StandingClock
from tests.world.company import SmallCompany, add_contact, make_template
from tests.world.ids import PlainIds
from tests.world.mailer import KeptMail
from tests.world.reruns import run_in_vain
from tests.world.scripted_gateway import Fault, ScriptedGateway

T = TypeVar("T")


class Broken(AssertionError):
    """A promise that did not hold. `rule` names it, the same for every run that breaks it."""

    def __init__(self, rule: str, detail: object = "") -> None:
        super().__init__(f"{rule}: {detail}" if detail else rule)
        self.rule = rule


class Trouble(StrEnum):
    """What can befall a call of the ledger or of the mail server."""

    NONE = "none"
    KILL = "kill before"
    KILL_BEFORE_COMMIT = "kill before commit"
    KILL_AFTER_COMMIT = "kill after commit"
    FAIL = "fails"
    FAIL_AFTER = "fails although it was done"
    KILL_AFTER = "kill after"
    AGAIN = "runs again"


_READING = (Trouble.NONE, Trouble.KILL, Trouble.FAIL)
_WRITING = (
    Trouble.NONE,
    Trouble.KILL,
    Trouble.KILL_BEFORE_COMMIT,
    Trouble.KILL_AFTER_COMMIT,
    Trouble.FAIL,
    Trouble.FAIL_AFTER,
    Trouble.AGAIN,
)
_MAILING = (Trouble.NONE, Trouble.KILL, Trouble.FAIL, Trouble.FAIL_AFTER, Trouble.KILL_AFTER)
_CALLING: tuple[tuple[Fault | None, Trouble], ...] = (
    (None, Trouble.NONE),
    *((fault, Trouble.NONE) for fault in Fault),
    (Fault.NOT_SENT, Trouble.KILL),
    (None, Trouble.KILL_AFTER),
    (Fault.LATE, Trouble.KILL_AFTER),
)


SLEEPS = (timedelta(0), timedelta(hours=1), timedelta(days=5), timedelta(days=40))


class CountedIds(PlainIds):
    """The same in every run of a seed."""

    def __init__(self, first: int = 1) -> None:
        self._count = first

    def new(self) -> str:
        self._count += 1
        return str(uuid.uuid5(uuid.NAMESPACE_OID, str(self._count)))


@dataclass
class Template:
    """A ledger and its gateway before anybody pays; made once a process."""

    folder: tempfile.TemporaryDirectory[str]
    memory: Memory
    gateway: ScriptedGateway
    methods: dict[str, str]
    """Name → id."""


TOKENS = {
    "card": "pm_card_visa",
    "bank": "pm_usBankAccount_success",
    "bad card": "pm_card_chargeCustomerFail",
}


PAYERS = {"ann": "C-1", "bob": "C-1", "cid": "C-1", "dora": "C-2"}
"""Contacts who want one payment each, and whose customer they pay for."""


def make_world_template() -> Template:
    folder = tempfile.TemporaryDirectory(prefix="invoicepay-simulation-")
    path = Path(folder.name)
    gateway = ScriptedGateway(now=lambda: START)
    company = SmallCompany(SqliteLedger(make_template(path)), gateway, ids=CountedIds())
    told = path / "told.csv"
    told.write_text("number,name,email\nC-1,Harbor Finch,accounts@example.com\n")
    company.finance.call(ImportRecords("customers", str(told), update=True))
    methods = {
        name: company.call(AttachTestMethod("C-1", token)).id for name, token in TOKENS.items()
    }
    for name, customer in PAYERS.items():
        add_contact(company, name, Role.CUSTOMER, customer)
    methods["other card"] = company.stranger.call(AttachTestMethod("C-2", "pm_card_visa")).id
    company.ledger.backup(path / "copy.db")
    company.ledger.close()
    return Template(folder, Memory.of((path / "copy.db").read_bytes()), gateway, methods)


class Memory(sqlite3.Connection):
    """A file in memory, as it was again after `forget`.

    Within one transaction for all of a run, whose own transactions are savepoints: so the next
    run finds every statement prepared, which is half of what a run costs otherwise.
    """

    _OPEN = "SAVEPOINT inner"
    _INSTEAD: Mapping[str, Sequence[str]] = {
        "BEGIN": (_OPEN,),
        "BEGIN IMMEDIATE": (_OPEN,),
        "COMMIT": ("RELEASE inner",),
        "ROLLBACK": ("ROLLBACK TO inner", "RELEASE inner"),
    }
    busy = False
    """Whether it is in a transaction of the run's."""

    @classmethod
    def of(cls, content: bytes) -> Memory:
        connection = sqlite3.connect(":memory:", isolation_level=None, factory=cls)
        # Not deserialized itself: `serialize` would give that back, as if nothing had happened.
        with closing(sqlite3.connect(":memory:")) as source:
            source.deserialize(content)
            source.backup(connection)
        sqlite3.Connection.execute(connection, "PRAGMA foreign_keys = ON")
        install_change_triggers(connection)
        sqlite3.Connection.execute(connection, "BEGIN")
        return connection

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        instead = self._INSTEAD.get(sql)
        if instead is None:
            return super().execute(sql, values)
        for statement in instead:
            done = super().execute(statement)
        self.busy = instead == (self._OPEN,)
        return done

    @property
    def in_transaction(self) -> bool:
        return self.busy

    def forget(self) -> None:
        super().execute("ROLLBACK")
        super().execute("BEGIN")
        self.busy = False


class SimulatedLedger(SqliteLedger):
    """The real one on a file in memory, which all processes of a machine share. It switches and
    fails where a transaction begins and ends, never within."""

    def __init__(self, world: World, memory: Memory) -> None:
        super().__init__(Path("simulated.db"))
        self._world, self._memory = world, memory
        self._has_triggers = True

    def _open(self) -> sqlite3.Connection:
        return self._memory

    def copy(self) -> bytes:
        return self._memory.serialize()

    def put_back(self, content: bytes) -> None:
        """Into a new connection: SQLite crashes when one that has used json_each is given another
        database."""
        self._memory = self._world.memory(content)

    def close(self) -> None:
        """The world closes it, or keeps it for the next run."""

    @property
    def busy(self) -> bool:
        return self._memory.busy

    def quietly(self) -> AbstractContextManager[SqliteUnit]:
        """A read by whoever watches, which nothing befalls."""
        return super().read()

    @contextmanager
    def read(self) -> Iterator[SqliteUnit]:
        if self._world.befalls("ledger.read", _READING) is Trouble.FAIL:
            raise _unusable()
        with super().read() as unit:
            yield unit

    def transact(self, body: Callable[[SqliteUnit], T]) -> T:
        trouble = self._world.befalls("ledger.write", _WRITING)
        if trouble is Trouble.AGAIN:
            run_in_vain(self, body)
            self._world.let_others_go_on("ledger.write")
        with self.write() as unit:
            result = body(unit)
            if trouble is Trouble.KILL_BEFORE_COMMIT:
                self._world.kill()
            if trouble is Trouble.FAIL:
                raise _unusable()
        if trouble is Trouble.KILL_AFTER_COMMIT:
            self._world.kill()
        if trouble is Trouble.FAIL_AFTER:
            raise _unusable()
        return result


def _unusable() -> Unreachable:
    return Unreachable("ledger_unusable", "disk I/O error (simulated)")


class SimulatedClock(StandingClock):
    """A machine's: real time, and how far it is off."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.off = timedelta(0)

    def now(self) -> datetime:
        return self._world.time + self.off

    def real_now(self) -> datetime:
        return self.now()


class SimulatedMail(KeptMail):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def send(self, message: Message, *, seconds: float = inf) -> None:
        trouble = self._world.befalls("mailer.send", _MAILING)
        if trouble is Trouble.FAIL:
            raise MailNotSent("451 later (simulated)")
        super().send(message)
        if trouble is Trouble.KILL_AFTER:
            self._world.kill()
        if trouble is Trouble.FAIL_AFTER:
            raise MailNotSent("no answer (simulated)")


class World:
    """Everything that a run happens in, and its record."""

    def __init__(self, choices: Choices, template: Template) -> None:
        self.choices, self.template = choices, template
        # How likely a call goes well, and an actor goes on while others wait. Some
        # calls fare worse.
        self.well = (1.0, 0.97, 0.9, 0.8)[choices.pick(4)]
        self.time = START
        self.schedule = Schedule(choices, (0.9, 0.7, 0.4)[choices.pick(3)], lambda: self.time)
        self._sleepy = choices.pick(3) == 2
        self._well_at = {
            call: 0.35 if choices.pick(6) == 5 else self.well
            for call in ("create", "confirm", "cancel", "retrieve", "intents")
        }
        self.outage = False
        self.ids = CountedIds(1000)
        self.seen: Counter[str] = Counter()
        self.transcript: list[tuple[str, str]] = []
        self._killed_next = False
        self.gateway = ScriptedGateway(
            now=lambda: self.time,
            before=self._before_gateway,
            fate=self._fate,
            after=self._after_gateway,
            page_size=3,
            _methods=dict(template.gateway._methods),
            _customers=dict(template.gateway._customers),
        )
        self._memories: list[Memory] = []
        self.machines = [self._machine(template.memory)]

    def memory(self, content: bytes) -> Memory:
        """For this run only."""
        self._memories.append(Memory.of(content))
        return self._memories[-1]

    def _machine(self, memory: Memory) -> SmallCompany:
        ledger = SimulatedLedger(self, memory)
        mail = SimulatedMail(self)
        return SmallCompany(ledger, self.gateway, SimulatedClock(self), self.ids, mailer=mail)

    def copy_ledger(self) -> SmallCompany:
        """A second machine with a copy of the first one's ledger."""
        copy = ledger_of(self.machines[0]).copy()
        self.machines.append(self._machine(self.memory(copy)))
        self.note("the ledger is copied to another machine")
        return self.machines[-1]

    def close(self) -> None:
        self.template.memory.forget()
        for memory in self._memories:
            memory.close()

    def note(self, what: str, detail: object = "") -> None:
        """For the transcript."""
        actor = self.schedule.current
        text = f"{what} {detail}" if detail else what
        self.transcript.append((actor.name if actor else "", text))

    def count(self, what: str) -> None:
        """For the table of what a simulation has covered."""
        self.seen[what] += 1

    # --- What befalls a call --------------------------------------------------------------------

    def befalls(self, call: str, troubles: Sequence[Trouble]) -> Trouble:
        """Let others go on, then say what happens to this call."""
        # There are many reads; little that is new can be learnt where one fails or waits.
        reading = troubles is _READING
        self.let_others_go_on(call, 0.96 if reading else None)
        if self.schedule.current is None:
            return Trouble.NONE
        well = (9 + self.well) / 10 if reading else self.well
        trouble = self.choices.one_of(troubles, well)
        self.note(call, "" if trouble is Trouble.NONE else f"[{trouble}]")
        if trouble is not Trouble.NONE:
            self.count(f"{call}: {trouble}")
        if trouble is Trouble.KILL:
            self.kill()
        return trouble

    def kill(self) -> NoReturn:
        """The process whose turn it is."""
        actor = self.schedule.current
        assert actor is not None
        actor.alive = False
        raise Killed

    def let_others_go_on(self, call: str, stay: float | None = None) -> None:
        if any(ledger_of(machine).busy for machine in self.machines):
            raise Broken("a port is called within a transaction", call)
        self.schedule.point(stay)

    def _before_gateway(self, call: str) -> None:
        actor = self.schedule.current
        sleepy = actor is not None and self._sleepy
        if sleepy and (sleeps := self.choices.one_of(SLEEPS, 0.8)):
            assert actor is not None
            actor.sleeps_until = self.time + sleeps
            self.note(f"sleeps before {call}", sleeps)
            self.count("world: a process sleeps for days")
        self.let_others_go_on(call)
        self.time += timedelta(seconds=1)

    def _fate(self, call: str) -> Fault | None:
        actor = self.schedule.current
        if actor is None:
            return None
        fault, trouble = self.choices.one_of(_CALLING, self._well_at[call])
        if self.outage and fault is None:
            fault = Fault.NOT_SENT
        told = [what for what in (fault, trouble) if what and what is not Trouble.NONE]
        self.note(f"gateway.{call}", f"[{', '.join(told)}]" if told else "")
        if told:
            self.count(f"gateway.{call}: {', '.join(told)}")
        if trouble is Trouble.KILL:
            self.kill()
        self._killed_next = trouble is Trouble.KILL_AFTER
        if call == "confirm" and fault is not Fault.REFUSED:
            actor.confirmed.append(call)
        return fault

    def _after_gateway(self, call: str) -> None:
        actor = self.schedule.current
        if actor is None or not actor.alive:
            return
        if self._killed_next:
            self._killed_next = False
            self.kill()
        self.let_others_go_on(f"answer to {call}")


def ledger_of(machine: SmallCompany) -> SimulatedLedger:
    assert isinstance(machine.ledger, SimulatedLedger)
    return machine.ledger
