"""What every RestoreStore must do: several restores that are not confirmed read as one, which is
the most cautious of them."""

from __future__ import annotations

from datetime import timedelta

from invoicepay.billing.ports import OpenRestore, Unit
from tests.world.clock import START

HOUR = timedelta(hours=1)
PEOPLE = [f"{name}@example.com" for name in "gcahdbfe"]


def test_of_several_the_oldest_backup_and_the_last_restore_count(unit: Unit) -> None:
    unit.restores.add(START + 5 * HOUR, START + HOUR, 1, PEOPLE[:5])
    unit.restores.add(START + 6 * HOUR, START, 1, PEOPLE[4:])
    unit.restores.add(START + 4 * HOUR, START + 2 * HOUR, 1, ())

    assert unit.restores.open() == OpenRestore(
        restored_at=START + 6 * HOUR,
        since=START,
        synced_at=None,
        wider_rights=tuple(sorted(PEOPLE)),
    )


def test_they_are_synced_once_each_is_and_since_the_last_was(unit: Unit) -> None:
    synced: list[object] = []
    for hours in (1, 3):
        unit.restores.add(START + hours * HOUR, START, 1, ())
        synced.append(unit.restores.open().synced_at)  # type: ignore[union-attr]
        unit.restores.synced(START + (hours + 1) * HOUR)
        synced.append(unit.restores.open().synced_at)  # type: ignore[union-attr]

    assert synced == [None, START + 2 * HOUR, None, START + 4 * HOUR]


def test_none_is_open_once_it_is_confirmed(unit: Unit) -> None:
    unit.restores.add(START, START, 1, PEOPLE)
    unit.restores.synced(START + HOUR)

    unit.restores.confirm(START + 2 * HOUR)

    assert unit.restores.open() is None
