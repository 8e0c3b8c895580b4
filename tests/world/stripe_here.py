"""The practice bank in Stripe's place, under its name and behind its TLS: for the installed program
on a ledger that is not a sandbox. The program knows nothing of it: where the name leads, and whose
certificates are good, is the world around it (`program_under_test`)."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from invoicepay.sandbox.server import SandboxServer
from tests.world.false_stripe import Answer, Behaviour, FalseStripe, hang_up
from tests.world.tls import make_certificate

AROUND_THE_PROGRAM = Path(__file__).with_name("program_under_test")
STRIPE = "api.stripe.com"
_OF_THE_CONNECTION = {
    "authorization",
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "date",
    "server",
}


def passed_on(server: SandboxServer) -> Behaviour:
    """Each request goes to `server`, with its own key for any other test key, and its answer comes
    back."""

    def behave(connection: Any) -> Answer | None:
        there = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        try:
            there.request(
                connection.command,
                connection.path,
                connection.body,
                _own(connection.headers) | _authorization(connection.headers, server),
            )
            answer = there.getresponse()
            headers = tuple(_own(answer.headers).items())
            return Answer(answer.status, answer.read().decode(), headers)
        except (OSError, http.client.HTTPException):
            hang_up(connection)
            return None
        finally:
            there.close()

    return behave


def _authorization(headers: Any, server: SandboxServer) -> dict[str, str]:
    key = headers.get("Authorization", "").removeprefix("Bearer ")
    own = {"sk_test": server.key, "rk_test": server.restricted_key}
    return {"Authorization": f"Bearer {own.get(key[:7], key)}"}


def _own(headers: Any) -> dict[str, str]:
    """Those that are not of one connection only."""
    return {n: v for n, v in headers.items() if n.lower() not in _OF_THE_CONNECTION}


@contextmanager
def practice_bank_as_stripe(bank: Path) -> Iterator[dict[str, str]]:
    """The variables with which the program's Stripe is the practice bank of the file `bank`."""
    certificate = make_certificate(bank.with_name(f"{bank.name}.tls"), STRIPE)
    with (
        SandboxServer(bank) as server,
        FalseStripe(passed_on(server), certificate.server()) as front,
    ):
        yield {
            "PYTHONPATH": str(AROUND_THE_PROGRAM),
            "STRIPE_IS_AT": str(front.port),
            "STRIPE_AUTHORITY": str(certificate.file),
        }
