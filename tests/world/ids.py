"""Ids, secrets and codes."""

from __future__ import annotations

import uuid


class PlainIds:
    """Real ids; nothing here depends on what they are."""

    def new(self) -> str:
        return str(uuid.uuid4())

    def secret(self) -> str:
        return uuid.uuid4().hex

    def code(self) -> str:
        return uuid.uuid4().hex
