"""How often somebody may guess a password.

The count stands in the ledger, by e-mail address, known or not. An attempt is counted before
its password is looked at, so that attempts side by side cannot all slip through; a success takes
its count back. Refused attempts are not counted: they cannot keep the owner out for longer.
Sessions that exist, and invite codes, work whatever the count is, so whoever is being attacked
gets in with a new invite at the latest.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from invoicepay.billing.errors import NotAllowed
from invoicepay.operations.mailing.address import with_ascii_domain

if TYPE_CHECKING:
    from invoicepay.billing.ports import Unit

FREE_FAILURES = 5
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)
MEMORY = timedelta(hours=24)
"""With the longest delay this leaves about 100 guesses a day (NIST SP 800-63B, 3.2.2)."""
CLOCK_SLACK = timedelta(minutes=1)
"""Failures further in the future than this were counted before the clock was set back, and are
ignored."""


def login_name(email: str) -> str:
    """`email` as it is looked up and counted, whatever was typed."""
    return with_ascii_domain(email).strip().lower().encode("utf-8", "replace").decode()[:254]


def count_attempt(unit: Unit, email: str, now: datetime) -> None:
    """Count one attempt for `email` at `now` (real time, taken just before the transaction; the
    wait for it must be shorter than CLOCK_SLACK, or newer failures would not count).

    Raises NotAllowed (`login_throttled`) when it has to wait.
    """
    since = now - MEMORY
    failures = [at for at in unit.sessions.failures(email, since) if at <= now + CLOCK_SLACK]
    if len(failures) >= FREE_FAILURES:
        doublings = min(len(failures) - FREE_FAILURES, 16)
        allowed_at = max(failures) + min(FIRST_DELAY * 2**doublings, LONGEST_DELAY)
        if now < allowed_at:
            raise _too_many(allowed_at - now)
    unit.sessions.add_failure(email, now)


def _too_many(wait: timedelta) -> NotAllowed:
    seconds = int(wait.total_seconds()) + 1
    shown = f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"
    return NotAllowed(
        "login_throttled",
        f"too many failed logins for this e-mail; wait {shown}",
        "Then try again, or ask whoever invited you for a new invite.",
    )
