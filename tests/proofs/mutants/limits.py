"""When a run of tests will not end: by the processor time that it has used, never by the clock.

A machine that is busy with other things makes a run slow, not endless. A run that has used up many
times what it needs is in an endless loop; one whose processes use none at all waits for something
that will not come. Both are ends of their own: a bug that does this is found, by the limit.
"""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass, field
from pathlib import Path

IDLE_LOOKS = 90
"""So many looks, a second apart or more, at which no time was used: a run that waits for ever.
More than any time limit that is tested."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Watch:
    """Looks at a run of its own session, once in a while: whether it still does something."""

    session: int
    _used: float = -1.0
    _idle: int = field(default=0)

    def waits_for_ever(self) -> bool:
        used = processor_time(self.session)
        self._idle = self._idle + 1 if used <= self._used else 0
        self._used = max(used, self._used)
        return self._idle >= IDLE_LOOKS


def limit_processor_time(seconds: float) -> None:
    """End this process (SIGXCPU), and each that it starts, once it has used so much."""
    most = max(1, int(seconds + 1))
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def processor_time(session: int) -> float:
    """Seconds that the processes of a session, and those they have waited for, have used."""
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, UnicodeDecodeError):
            continue  # it has ended
        if int(fields[3]) == session and fields[0] != "Z":
            total += sum(int(value) for value in fields[11:15])
    return total / _TICKS
