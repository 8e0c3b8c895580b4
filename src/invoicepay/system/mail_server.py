"""The mail server of the settings."""

from __future__ import annotations

from typing import NamedTuple

STARTTLS, TLS, NONE = "starttls", "tls", "none"


class SmtpSettings(NamedTuple):
    """How to reach the mail server.

    `security`: `starttls` (587), `tls` (465), or `none`, which is for this machine only. The
    password is in a file of its own. `sender`: the address that the server lets us send from; empty
    for the company's own. `ca_file`: PEM of a private authority, instead of the system's.
    """

    host: str
    port: int = 587
    security: str = STARTTLS
    user: str = ""
    password_file: str = ""
    sender: str = ""
    ca_file: str = ""
