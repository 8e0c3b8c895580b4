"""Every transcript in this folder, run against the installed program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.transcript import EMPTY_FOLDER, run_transcript

TRANSCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path, request: pytest.FixtureRequest) -> None:
    start = "desk" if EMPTY_FOLDER in path.read_text("utf-8") else "company"
    run_transcript(path, request.getfixturevalue(start))
