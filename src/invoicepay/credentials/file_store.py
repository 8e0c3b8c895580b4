"""`--insecure-storage`: secrets in files of mode 0600, for machines without a keyring."""

from __future__ import annotations

import os
import re
from pathlib import Path

from invoicepay.credentials import private_file

_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}", re.ASCII)


def file_name(user: str) -> str:
    """A file name for `user` (a ledger id, perhaps with a `:purpose`)."""
    if not _USER.fullmatch(user):
        raise ValueError("not a name that secrets are kept under")
    return user.replace(":", ".")


class FileSecrets:
    """Secrets as `<user>.secret` in `folder`, in the clear; chosen by a person, never by us."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, user: str) -> str | None:
        """The secret, None when there is none. Raises Refused (`insecure_file`)."""
        text = private_file.read(self._path(user))
        return text.strip() if text is not None else None

    def keeps(self, user: str) -> bool:
        """Whether there is one, good or not: nothing is read."""
        return os.path.lexists(self._path(user))

    def check_place(self, user: str) -> None:
        """Raises what `set` would, as far as that can be seen without writing."""
        private_file.check_place(self._path(user))

    def set(self, user: str, secret: str) -> None:
        """Keep `secret`. Raises Refused (`insecure_file`) or Unreachable (`write_failed`)."""
        private_file.write(self._path(user), secret + "\n")

    def delete(self, user: str) -> None:
        """Forget the secret; fine when there is none."""
        private_file.delete(self._path(user))

    def _path(self, user: str) -> Path:
        return self._folder / f"{file_name(user)}.secret"
