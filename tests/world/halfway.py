"""Two processes at one gateway, of which one stops in the middle."""

from __future__ import annotations

from collections.abc import Callable

from greenlet import getcurrent, greenlet

from tests.world.scripted_gateway import ScriptedGateway


def halfway(gateway: ScriptedGateway, call: str, act: Callable[[], object]) -> greenlet:
    """`act`, which its first `switch` runs until it has the answer to `call`, and its second to
    its end."""

    def stop(name: str) -> None:
        if name == call and getcurrent() is process:
            gateway.after = lambda name: None
            process.parent.switch()

    process = greenlet(act)
    gateway.after = stop
    return process
