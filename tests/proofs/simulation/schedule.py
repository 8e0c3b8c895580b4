"""Who goes on, and what goes wrong: each decision of a run is a small number, to be replayed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")


class Choices:
    """Small numbers, drawn from a seed or read from a list. 0 is always the quiet choice (go on,
    no fault), so that a run is made shorter by leaving choices out and setting them to 0."""

    def __init__(self, seed: int, replayed: Sequence[int] | None = None) -> None:
        self._random = random.Random(seed)
        self._replayed = replayed
        self.made: list[int] = []

    def pick(self, count: int, quiet: float = 0.0) -> int:
        """One of `count` numbers; 0 with at least the probability `quiet`."""
        made = self.made
        if self._replayed is None:
            draw = self._random.random
            number = 0 if quiet and draw() < quiet else int(draw() * count)
        else:
            number = self._replayed[len(made)] if len(made) < len(self._replayed) else 0
            if number >= count:
                number = 0
        made.append(number)
        return number

    def one_of(self, items: Sequence[T], quiet: float = 0.0) -> T:
        return items[self.pick(len(items), quiet)]


class Killed(BaseException):
    """Stands for SIGKILL: what was the process's own is gone."""


@dataclass(eq=False)
class Actor:
    """Somebody who runs the program, once or again and again; `alive` while a run goes on."""

    name: str
    body: Callable[[], None]
    alive: bool = True
    confirmed: list[str] = field(default_factory=list)
    """Intents that the run under way has asked the gateway to charge."""
    sleeps_until: datetime | None = None
    """A process that is stopped, a laptop that is shut: it does not go on before that, unless
    nobody else is awake."""
    _greenlet: greenlet | None = None

    def go_on(self) -> bool:
        """Run until its next switch; whether there is more to come."""
        if self._greenlet is None:
            self._greenlet = greenlet(self.body)
        self._greenlet.switch()
        return not self._greenlet.dead


class Schedule:
    """Runs actors in turns. They change places only where one of them calls `point`."""

    def __init__(self, choices: Choices, stay: float, now: Callable[[], datetime]) -> None:
        """`stay`: how likely an actor goes on at a point although others wait."""
        self._choices, self._stay, self._now = choices, stay, now
        self._hub = getcurrent()
        self._actors: list[Actor] = []
        self._next: Actor | None = None
        self.current: Actor | None = None

    def add(self, actor: Actor) -> None:
        self._actors.append(actor)

    def run(self) -> None:
        """Until everybody is done. What an actor raises comes out here."""
        while self._actors:
            actor = self._next or self._choices.one_of(self._awake() or self._actors)
            actor.sleeps_until = None
            self._next, self.current = None, actor
            if not actor.go_on():
                self._actors.remove(actor)
        self.current = None

    def point(self, stay: float | None = None) -> None:
        """Whoever calls this may find that others have been at work. Raises Killed when its
        process is dead."""
        actor = self.current
        if actor is None:
            return
        if actor.alive and len(self._actors) > 1:
            if actor.sleeps_until is not None:
                self._hub.switch()
            others = [each for each in self._awake() if each is not actor]
            step = self._choices.pick(len(others) + 1, self._stay if stay is None else stay)
            if step:
                self._next = others[step - 1]
                self._hub.switch()
        if not actor.alive:
            raise Killed

    def _awake(self) -> list[Actor]:
        now = self._now()
        return [a for a in self._actors if a.sleeps_until is None or a.sleeps_until <= now]

    def kill_others(self) -> None:
        """As when the machine goes down under everybody else."""
        for actor in self._actors:
            if actor is not self.current:
                actor.alive = False
