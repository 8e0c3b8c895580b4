"""One run: choose, act, heal, check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.proofs.simulation.actors import Cast, make_files
from tests.proofs.simulation.invariants import check, heal
from tests.proofs.simulation.schedule import Choices
from tests.proofs.simulation.world import Broken, Template, World, make_world_template


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one run. `broken` is the rule that did not hold, empty when all did."""

    seed: int
    choices: list[int]
    transcript: list[tuple[str, str]]
    seen: Counter[str]
    broken: str = ""
    detail: str = ""

    def told(self) -> str:
        """The transcript, as text."""
        return "\n".join(f"{who:>18}  {what}" for who, what in self.transcript)


@cache
def template() -> Template:
    made = make_world_template()
    make_files(Path(made.folder.name))
    return made


def run(seed: int, replayed: Sequence[int] | None = None) -> Outcome:
    """What happens with this seed, or with these choices instead of the seed's."""
    choices = Choices(seed, replayed)
    world = World(choices, template())
    broken = detail = ""
    try:
        cast = Cast(world)
        cast.choose()
        world.schedule.run()
        heal(world)
        check(world, cast)
    except Broken as error:
        broken, detail = error.rule, str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the seed's finding
        broken, detail = f"{type(error).__name__} out of nowhere", repr(error)
    finally:
        world.close()
    return Outcome(seed, choices.made, world.transcript, world.seen, broken, detail)
