"""Python as another user of the machine, where the tests may start it: as root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

NOBODY = 65534
_BECOME = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _python() -> str:
    """A Python that another user can start; empty where there is none."""
    if sys.platform == "win32" or os.geteuid() != 0 or not shutil.which("setpriv"):
        return ""
    for python in (Path(sys.base_prefix) / "bin" / "python3", Path("/usr/bin/python3")):
        new_enough = "import sys; sys.exit(sys.version_info < (3, 11))"
        if (
            subprocess.run([*_BECOME, python, "-c", new_enough], capture_output=True).returncode
            == 0
        ):
            return str(python)
    return ""


PYTHON = _python()
needs_another_user = pytest.mark.skipif(
    not PYTHON, reason="needs root, setpriv, and a Python that everybody can start"
)


def as_another_user(
    program: str, *arguments: str | Path, folders: tuple[Path, ...] = ()
) -> list[str]:
    """The lines that the Python `program` prints. `folders`: where it finds modules; the other
    user must be able to read them."""
    done = subprocess.run(
        [*_BECOME, PYTHON, "-c", program, *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd="/", timeout=60,
        env={"PYTHONPATH": os.pathsep.join(map(str, folders)), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that everybody can reach and read; pytest's own are closed."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
