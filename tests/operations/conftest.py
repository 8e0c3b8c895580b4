"""Every transaction of an operation can run again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.reruns import every_body_runs_twice


@pytest.fixture(autouse=True)
def _every_body_runs_twice() -> Iterator[None]:
    with every_body_runs_twice():
        yield
