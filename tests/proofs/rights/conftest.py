"""The office: made once, copied for each run."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.proofs.rights.company import MEMORY, Office, Untouched, make_office


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Not to be changed."""
    with socket.create_server(("127.0.0.1", 0)) as busy:
        yield make_office(tmp_path_factory.mktemp("rights"), busy)


@pytest.fixture(scope="session")
def untouched(template: Office) -> Untouched:
    """What an office holds before anything is done in it."""
    return Untouched(template.records(), template.files())


@pytest.fixture
def copies(template: Office) -> Iterator[Callable[[], Office]]:
    """Makes an office of the test's own, as often as it is called, in memory where there is some:
    there are thousands of files in them all."""
    with ExitStack() as stack:

        def copy() -> Office:
            root = stack.enter_context(TemporaryDirectory(dir=MEMORY))
            return template.copied_to(Path(root))

        yield copy


@pytest.fixture
def office(copies: Callable[[], Office]) -> Office:
    return copies()
