"""Python imports this before the installed program, where PYTHONPATH names this folder. It changes
the world around the program, never the program: where Stripe's name leads, and how much is logged.
"""

from __future__ import annotations

import logging
import os
import socket
import ssl
from typing import Any

_lookup = socket.getaddrinfo
_trust = ssl.SSLContext.load_verify_locations
_STRIPE = "api.stripe.com"


def _diverted(host: Any, port: Any, *more: Any, **named: Any) -> Any:
    """api.stripe.com is on this machine, as where a name server lies. No other name is known."""
    if host == _STRIPE:
        host, port = "127.0.0.1", int(os.environ["STRIPE_IS_AT"])
    assert host in ("127.0.0.1", "localhost"), f"a test would have asked {host}"
    return _lookup(host, port, *more, **named)


def _trusting(context: ssl.SSLContext, cafile: Any = None, *more: Any, **named: Any) -> None:
    """The test's own authority instead of the world's; everything is checked as ever."""
    _trust(context, os.environ["STRIPE_AUTHORITY"])


if "STRIPE_IS_AT" in os.environ:
    socket.getaddrinfo = _diverted
if "STRIPE_AUTHORITY" in os.environ:
    ssl.SSLContext.load_verify_locations = _trusting  # type: ignore[assignment]
if "LOG_EVERYTHING" in os.environ:
    logging.basicConfig(level=logging.DEBUG)
