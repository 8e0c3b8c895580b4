"""The way to the gateway: straight, or through a proxy that the settings name; and, where no answer
came over it, why not."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import requests

from invoicepay.billing.errors import Usage, shortened
from invoicepay.billing.ports import NoAnswer
from invoicepay.billing.text import one_line

_REFUSED: Final = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")
"""What `http.client` says of any answer to CONNECT but 200."""
_SETTINGS: Final = "in the settings file (`invoicepay config show` says which)"


@dataclass(frozen=True, slots=True)
class Route:
    """`proxy`: `http://host:port` or `https://host:port`, empty for none. It is asked to connect
    (RFC 9110, CONNECT), and sees neither the key nor what is said. `user` and `password` are for
    the proxy itself. `ca_file`: PEM of the authorities to trust instead of the SDK's own.
    `unused_variable`: one that names a proxy to other programs, and is not heeded here.

    Raises Usage (`config_invalid`) where the certificates of `ca_file` cannot be read.
    """

    proxy: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    unused_variable: str = ""

    def __post_init__(self) -> None:
        if self.ca_file:
            try:
                ssl.create_default_context(cafile=self.ca_file)
            except (OSError, ValueError) as error:  # an SSLError is an OSError
                raise Usage(
                    "config_invalid",
                    f"{self.ca_file} has certificates that cannot be read",
                    f"Name a PEM file as [gateway] ca_file {_SETTINGS}.",
                ) from error

    @property
    def proxy_headers(self) -> dict[str, str]:
        """For the request to the proxy itself, never for the gateway (RFC 7617)."""
        if not self.user:
            return {}
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Proxy-Authorization": f"Basic {pair}"}

    def no_answer(self, error: BaseException) -> NoAnswer:
        """What to say where `error` kept an answer from coming."""
        proxy = urlsplit(self.proxy).netloc
        causes = list(_causes(error))
        for cause in causes:
            if isinstance(cause, ssl.SSLCertVerificationError):
                why = shortened(one_line(cause.verify_message), 120)
                return NoAnswer(f"the certificate it showed is not valid: {why}", self._authority())
        status = refused_status(error)
        if status:
            return NoAnswer(f"the proxy {proxy} answered {_named(status)}", _at_proxy(status))
        if proxy and any(isinstance(cause, requests.exceptions.ProxyError) for cause in causes):
            return NoAnswer(
                f"no answer from the proxy {proxy}", f"Check [gateway] proxy {_SETTINGS}."
            )
        if proxy:
            return NoAnswer(f"no answer from the gateway through the proxy {proxy}")
        return NoAnswer("no answer from the gateway", self._unused())

    def _authority(self) -> str:
        if self.ca_file:
            return (
                f"{self.ca_file}, which is [gateway] ca_file {_SETTINGS}, must have its authority."
            )
        return (
            "Where TLS is opened on the way, name the PEM file of that authority as [gateway] "
            f"ca_file {_SETTINGS}."
        )

    def _unused(self) -> str:
        if not self.unused_variable:
            return ""
        return (
            f"{self.unused_variable} is set, but not used: it could lead the key elsewhere. Name "
            f"the proxy as [gateway] proxy {_SETTINGS}."
        )


def refused_status(error: BaseException) -> int:
    """The status with which a proxy refused to connect; 0 where none did."""
    found = (_REFUSED.search(str(cause)) for cause in _causes(error) if isinstance(cause, OSError))
    return next((int(match[1]) for match in found if match), 0)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """`error`, and what it is from: urllib3 keeps some of it as the reason, requests as the first
    argument."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _at_proxy(status: int) -> str:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return f"Check [gateway] proxy_user and proxy_password_file {_SETTINGS}."
    return "Ask whoever runs the proxy; it must let api.stripe.com through."
