"""Keyrings for the installed program, which its settings name under [keyring]."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from keyring.backend import KeyringBackend


class Working(KeyringBackend):
    """Keeps secrets in a file that stands for the system's own store. With KEYRING_FAILS it fails,
    and says what it was given: vendors' errors are not ours to trust."""

    priority = 5

    def get_password(self, service: str, username: str) -> str | None:
        kept = self._read()
        _fail(f"{username}: {' '.join(kept.values())}")
        return kept.get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        _fail(f"could not store {password!r} for {username}")
        self._write({**self._read(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        kept = self._read()
        del kept[f"{service}/{username}"]
        self._write(kept)

    @property
    def _file(self) -> Path:
        return Path(os.environ["KEYRING_UNDER_TEST"])

    def _read(self) -> dict[str, str]:
        if not self._file.exists():
            return {}
        kept: dict[str, str] = json.loads(self._file.read_text())
        return kept

    def _write(self, kept: dict[str, str]) -> None:
        self._file.write_text(json.dumps(kept))


class Silent(KeyringBackend):
    """Answers nothing, as one behind a dialog that nobody sees: it reads a FIFO that nobody writes
    to, the one that KEYRING_UNDER_TEST names."""

    priority = 5

    def get_password(self, service: str, username: str) -> str | None:
        self._wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self._wait()

    def _wait(self) -> None:
        Path(os.environ["KEYRING_UNDER_TEST"]).read_text()


class SilentHelper(Silent):
    """The same with a program that it asks, as a password manager's, which starts another."""

    def _wait(self) -> None:
        program = ["sh", "-c", 'cat "$KEYRING_UNDER_TEST"; true']
        # Or whoever reads what the program says would wait for it, where it stays.
        subprocess.run(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def _fail(text: str) -> None:
    if "KEYRING_FAILS" in os.environ:
        raise RuntimeError(text)
