"""Real processes, racing: for one invoice, for ten, and to open a ledger first."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from tests.proofs.crash.checks import log_in_again
from tests.proofs.crash.place import CHARGED, LATER, Line, Place, Run, read_ledger, said_payment
from tests.proofs.size import Size

Lines = Callable[[int], list[Line]]
INVOICEPAY = Path(sys.executable).with_name("invoicepay")
PAYERS = 8
INVOICES = [f"RACE-{n}" for n in range(10)]
REFUSALS = {
    *{"in_flight", "not_acknowledged", "already_paid", "moved_since_quoted"},
    "amount_exceeds_payable",
}
GIVEN_UP = {7: "not_payable", 6: "outcome_unknown"}
"""What a payer reads whose payment was settled before it was confirmed, or is being settled, by a
`sync` whose clock is an hour ahead."""


def test_eight_processes_pay_one_invoice_once(company: Path, line: Line, tmp_path: Path) -> None:
    """The installed program, started eight times."""
    with Place.copy(company, tmp_path / "race", line) as place:
        racers = [
            subprocess.Popen(
                [INVOICEPAY, "pay", "INV-1", "--method", "card", "--yes", "--json"],
                env=place.environment("payer"),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(PAYERS)
        ]
        runs = []
        for racer in racers:
            stdout, stderr = racer.communicate(timeout=120)
            runs.append(Run(racer.returncode, stdout, stderr, [], 0))

        assert sorted(run.exit_code for run in runs) == [0] + [7] * (PAYERS - 1)
        assert {run.error for run in runs if run.exit_code} <= REFUSALS
        assert len(place.assert_repaired("after the race").payments) == 1


def test_eight_processes_open_a_restored_backup(
    company: Path, line: Line, lines: Lines, tmp_path: Path
) -> None:
    """A backup is not in WAL mode; whoever opens it first changes that."""
    with Place.copy(company, tmp_path / "race", line, bank=False) as place:
        backup = place.folder / "backup.db"
        assert place.run("backup", str(backup), who="finance").exit_code == 0
        at_once = lines(PAYERS)
        with ThreadPoolExecutor(PAYERS) as pool:
            for _ in range(5):
                for path in place.folder.glob("ledger.db*"):
                    path.unlink()
                shutil.copy(backup, place.path)
                listing = [pool.submit(place.run, "invoices", "list", line=x) for x in at_once]
                runs = [each.result() for each in listing]
                assert [run.exit_code for run in runs] == [0] * PAYERS, runs


def test_eight_processes_pay_ten_invoices(
    company: Path,
    line: Line,
    lines: Lines,
    tmp_path: Path,
    tally: Callable[[str, int, str], None],
    size: Size,
) -> None:
    """Any of them, in whole or in part, by card and by ACH, some killed at any moment; while two
    others settle, one of which sees every lease as passed."""
    seconds = size.of(4.0, 15.0, 60.0)
    with Place.copy(company, tmp_path / "race", line) as place:
        _add_invoices(place, total=size.of(400, 1000, 4000))
        end = time.monotonic() + seconds
        settling, paying = lines(2), lines(PAYERS)
        with ThreadPoolExecutor(PAYERS + 2) as pool:
            payers = [
                pool.submit(_pay_until, end, place, each, Random(number))
                for number, each in enumerate(paying)
            ]
            settlers = [
                pool.submit(_sync_until, end, place, each, ahead)
                for each, ahead in zip(settling, (0.0, LATER), strict=True)
            ]
            runs = [run for payer in payers for run in payer.result()]
            syncs = sum(settler.result() for settler in settlers)
        ends = _assert_named(runs)
        found = place.assert_repaired("after the race")

        charged = {p.id: p.amount_minor for p in found.payments if p.status in CHARGED}
        assert sum(charged.values()) == sum(place.bank.charges().values())
        assert {said_payment(run.stdout) for run in runs if run.exit_code == 0} <= charged.keys()
        assert all(
            i.paid_minor + i.reserved_minor <= i.total_minor for i in found.invoices.values()
        )
        assert place.run("doctor", who="finance").exit_code == 0

    assert ends["paid"]
    assert ends["killed"]
    told = ", ".join(f"{count} {end}" for end, count in ends.most_common())
    rate = f"{len(charged) / seconds:.0f} charges/s, {syncs} syncs; {told}"
    tally(f"race: {PAYERS} payers, {seconds:.0f} s", len(runs), rate)


def _add_invoices(place: Place, total: int) -> None:
    rows = [f"{n},C-1,2026-10-01,2026-10-31,USD,{total}.00" for n in INVOICES]
    file = place.folder / "race.csv"
    file.write_text("\n".join(["number,customer,issued_on,due_on,currency,total", *rows, ""]))
    assert place.run("import", "invoices", str(file), who="finance").exit_code == 0


def _pay_until(end: float, place: Place, line: Line, random: Random) -> list[Run]:
    methods = ["card", "card", "ach", place.method("0341")]
    runs: list[Run] = []
    while time.monotonic() < end:
        numbers = random.sample(INVOICES, random.randint(1, 3))
        parts = [
            f"--amount={number}={random.randint(50, 9000) / 100:.2f}"
            for number in numbers
            if random.random() < 0.99
        ]
        more: dict[str, Any] = {}
        if not runs or random.random() < 0.15:
            more["kill_after"] = random.uniform(0.01, 0.3)
        command = ["pay", *numbers, *parts, "--method", random.choice(methods), "--yes", "--json"]
        runs.append(place.run(*command, line=line, **more))
    return runs


def _sync_until(end: float, place: Place, line: Line, ahead: float) -> int:
    """`sync` over and over; the honest one has days pass at the bank, so that debits settle."""
    count = 0
    while time.monotonic() < end:
        run = place.run("sync", "--json", who="finance", line=line, ahead=ahead)
        assert run.exit_code == 0, run
        if not ahead:
            place.run("sandbox", "clock", "advance", "1d", line=line)
        count += 1
    return count


def _assert_named(runs: list[Run]) -> Counter[str]:
    """How the runs ended; each refusal is one that a payer can act upon."""
    ends = Counter[str]()
    for run in runs:
        if run.killed:
            ends["killed"] += 1
        elif run.exit_code == 0:
            ends["paid"] += 1
        elif run.exit_code == 3:
            ends["declined"] += 1
        else:
            refused = run.exit_code == 7 and run.error in REFUSALS
            assert refused or run.error == GIVEN_UP.get(run.exit_code), run
            ends[run.error] += 1
    return ends


def test_a_restore_while_others_pay_loses_no_charge_and_lets_none_be_made_twice(
    company: Path, line: Line, lines: Lines, tmp_path: Path, size: Size
) -> None:
    """It waits for who is at it, and nobody is in the middle of anything when the backup comes."""
    payers, rounds = size.of((3, 5), (3, 5), (PAYERS, 20))
    with Place.copy(company, tmp_path / "race", line) as place:
        _add_invoices(place, total=400)
        assert place.run("backup", f"{place.folder}/saved.db", who="finance").exit_code == 0
        paying = lines(payers)
        first = place.run("pay", INVOICES[-1], "--method", "card", "--yes", "--json")

        def pay_one_after_another(line: Line, number: int) -> list[Run]:
            command = ["pay", INVOICES[number], "--method", "card", "--yes", "--json"]
            parts = [f"--amount={INVOICES[number]}={part + 1}.00" for part in range(rounds)]
            return [place.run(*command, part, line=line) for part in parts]

        with ThreadPoolExecutor(payers) as pool:
            racers = [pool.submit(pay_one_after_another, x, n) for n, x in enumerate(paying)]
            while True:
                restored = place.run(*"restore saved.db --yes --json".split(), who="finance")
                if restored.exit_code == 0:
                    break
                assert restored.error == "ledger_in_use"
            runs = [run for racer in racers for run in racer.result()]

        # Each was paid before, or found itself logged out, or another ledger in place.
        refused = {run.error for run in runs if run.exit_code}
        assert refused <= {"session_expired", "ledger_replaced", "restored_not_confirmed"}
        (kept,) = place.folder.glob("ledger.db.replaced-*Z")
        before = {p.gateway_id for p in read_ledger(kept).payments if p.status in CHARGED}
        said = [run for run in [first, *runs] if run.exit_code == 0]
        assert len(said) == len(before) > 0
        assert place.bank.charges().keys() == before
        log_in_again(place)
        for command in ("sync --json", "restore --confirm --yes"):
            done = place.run(*command.split(), who="finance, again", ahead=LATER)
            assert done.exit_code == 0, done
        taken_in = place.assert_sound("after the race").payments
        assert {p.gateway_id for p in taken_in if p.status in CHARGED} == before
