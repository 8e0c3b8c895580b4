"""Who may talk to a sandbox: whoever has its key, at its own address, and no page of another site.

Loopback is open to every user of the machine, and to every page in a browser on it.
"""

from __future__ import annotations

import base64
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from invoicepay.sandbox.store import new_id
from invoicepay.sandbox.wire import StripeError

_ONCE = ("host", "origin", "authorization", "content-length")


def new_key() -> str:
    """A key of Stripe's form for tests: 32 of 62 characters at random, 190 bits."""
    return new_id("sk_test", 32)


@dataclass(frozen=True)
class Access:
    """`host` and `port`: where the sandbox listens."""

    host: str
    port: int
    key: str = field(repr=False)

    @property
    def address(self) -> str:
        """As it stands in a URL and in the header Host."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def check(self, names: Sequence[str], headers: Mapping[str, str]) -> None:
        """Raises StripeError. `names`: of every header that was sent, in lower case; `headers`:
        by these names, the last where one was repeated."""
        repeated = next((n for n in _ONCE if Counter(names)[n] > 1), None)
        if repeated:  # or what is checked here would not be what others go by
            raise StripeError(400, f"Send {repeated} only once.")
        self._check_host(headers.get("host", ""))
        self._check_origin(headers)
        self._check_key(key_in(headers))

    def _check_host(self, host: str) -> None:
        """Another name means that a web page was led here by its own DNS."""
        own = {self.address, f"localhost:{self.port}"}
        if self.port == 80:  # which clients leave out
            own |= {name.removesuffix(":80") for name in own}
        if host.lower() not in own:
            raise StripeError(421, f"This sandbox answers to {self.address} only.")

    def _check_origin(self, headers: Mapping[str, str]) -> None:
        """A browser says whose page sent a request, except with some that only read, to which
        the key is what is missing."""
        if "origin" in headers and headers["origin"].lower() != f"http://{headers['host'].lower()}":
            raise StripeError(403, "The sandbox is not for pages of other sites.")

    @property
    def restricted_key(self) -> str:
        """The same with Stripe's prefix of keys that may do less (`Route.permission`)."""
        return "rk" + self.key.removeprefix("sk")

    def _check_key(self, key: str) -> None:
        if not key:
            raise StripeError(
                401,
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY').",
            )
        if key.startswith(("sk_live_", "rk_live_")):
            raise StripeError(
                401, "This is a sandbox, where no money moves: it refuses live keys. Use its own."
            )
        own = self.restricted_key if key.startswith("rk_") else self.key
        if not hmac.compare_digest(key.encode(), own.encode()):
            # Stripe shows the ends of the key here; we keep all of it to ourselves.
            raise StripeError(401, "Invalid API Key provided. This sandbox has a key of its own.")


def key_in(headers: Mapping[str, str]) -> str:
    """The key by Bearer, or as the user of Basic; empty where there is none."""
    authorization = headers.get("authorization", "")
    scheme, _, credentials = authorization.partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer":
        return credentials
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""
