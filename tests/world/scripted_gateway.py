"""A bank in memory whose answers can be lost, late or refused, call by call.

It must pass the same contract suite as the real adapter on the sandbox
(tests/contracts/test_gateway.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TypeVar

from invoicepay.billing.customer import Customer
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.ports import (
    AccountHidden,
    AttachedMethod,
    ChargeOrder,
    GatewayCustomer,
    Intent,
    IntentStatus,
    NoAnswer,
    Rejected,
    Unreadable,
    UnreadableIntent,
)

T = TypeVar("T")


class Fault(StrEnum):
    """What happens to one call."""

    LOST_ANSWER = "lost answer"
    """Carried out; the caller hears nothing."""
    NOT_SENT = "not sent"
    """Not carried out; the caller hears nothing."""
    LATE = "late"
    """The caller hears nothing; carried out when `arrive_late` is called."""
    TWICE = "twice"
    """Carried out twice, as when the SDK sends it again; the caller hears the second answer."""
    ECHO = "echo"
    """Carried out and answered; carried out once more when `arrive_late` is called."""
    REFUSED = "refused"
    """Not carried out, and the caller hears so: a wrong key, a limit of the account."""
    UNREADABLE = "unreadable"
    """Carried out; what the answer says of its intents cannot be read this time."""


FATES = {
    "pm_card_visa": "succeeds",
    "pm_card_chargeCustomerFail": "declines",
    "pm_usBankAccount_success": "processes",
}


KEYS_KEPT = timedelta(hours=24)
"""How long a key stands for what it has made: https://docs.stripe.com/api/idempotent_requests."""


@dataclass(frozen=True)
class _Page:
    intents: tuple[Intent | UnreadableIntent, ...]
    last: str | None
    """Id after which the next begins; None where there is none."""


def _second(instant: datetime | None) -> int | None:
    return None if instant is None else int(instant.timestamp())


def _odd(
    intent: Intent, why: str = "its status is requires_wonder", *, invoices: bool = True
) -> UnreadableIntent:
    return UnreadableIntent(
        id=intent.id,
        why=why,
        payment_id=intent.payment_id,
        customer=intent.customer,
        customer_number=intent.customer_number,
        invoices=frozenset(a.invoice for a in intent.allocations) if invoices else None,
        created_at=intent.created_at,
        livemode=intent.livemode,
    )


@dataclass
class ScriptedGateway:
    """Implements billing.ports.Gateway."""

    livemode: bool = False
    now: Callable[[], datetime] = lambda: datetime(2026, 11, 1, tzinfo=UTC)
    found: dict[str, Intent] = field(default_factory=dict)
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    """(call, fault): taken by the next call of that name."""
    fate: Callable[[str], Fault | None] = lambda call: None
    """Says what happens to a call that `faults` does not name."""
    before: Callable[[str], None] = lambda call: None
    """Runs before each call is carried out: another process gets in between here."""
    after: Callable[[str], None] = lambda call: None
    """Runs before each call's caller hears of it, or has waited long enough."""
    page_size: int = 100
    """Of a list; each page is a call of its own."""
    unreadable: dict[str, bool] = field(default_factory=dict)
    """Id of an intent whose status is a word that nobody knows → whether its metadata tell its
    invoices."""
    account_id: str = "acct_scripted"
    restricted: bool = False
    """The key is a restricted one, that may not read its account."""
    refusal_names: str = "acct_scripted"
    """The account that the refusal then speaks of."""
    calls: list[str] = field(default_factory=list)
    charges: list[str] = field(default_factory=list)
    """Intent ids in the order in which money moved, or was sent to the bank."""
    _late: list[Callable[[], object]] = field(default_factory=list)
    _orders: dict[str, ChargeOrder] = field(default_factory=dict)
    _keys: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """Payment id → the intent that its key has made, and when."""
    _confirmed: set[str] = field(default_factory=set)
    _methods: dict[str, str] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)
    """Method → the customer that it is attached to."""
    _customers: dict[str, GatewayCustomer] = field(default_factory=dict)
    """By id, oldest first."""
    _customer_keys: dict[str, str] = field(default_factory=dict)

    def account(self) -> str:
        if self.restricted:
            raise AccountHidden("", "the key may not read its account", self.refusal_names)
        return self.account_id

    def has(self, object_id: str) -> bool:
        return self._call("has", lambda: object_id in self.found or object_id in self._customers)

    def create_customer(self, customer: Customer, ledger_id: str, key: str) -> GatewayCustomer:
        return self._call(
            "create_customer", lambda: self._create_customer(customer, ledger_id, key)
        )

    def customers(self, *, since: datetime) -> Iterator[GatewayCustomer]:
        # Read when it is asked for, as pages are; one page will do.
        found = self._call("customers", lambda: [*self._customers.values()])
        yield from (c for c in reversed(found) if c.created_at >= since)

    def attach_method(self, token: str, customer: str) -> AttachedMethod:
        return self._call("attach_method", lambda: self._attach(token, customer))

    def _create_customer(self, customer: Customer, ledger_id: str, key: str) -> GatewayCustomer:
        made = GatewayCustomer(
            f"cus_{len(self._customers)}", self.now(), ledger_id, customer.number
        )
        customer_id = self._customer_keys.setdefault(key, made.id)
        return self._customers.setdefault(customer_id, made)

    def _attach(self, token: str, customer: str) -> AttachedMethod:
        if token not in FATES:
            raise Rejected("resource_missing", f"no such payment method: {token}")
        if customer not in self._customers:
            raise Rejected("resource_missing", f"no such customer: {customer}")
        method = f"pm_{len(self._methods)}"
        self._methods[method] = FATES[token]
        self._owners[method] = customer
        if token.startswith("pm_card"):
            return AttachedMethod(method, "card", "Visa", "4242", 12, 2099)
        return AttachedMethod(method, "ach", "Test Bank", "6789")

    def detach_method(self, method: str) -> None:
        self._methods.pop(method, None)

    def create(self, order: ChargeOrder) -> Intent:
        return self._call("create", lambda: self._answer(self._create(order)))

    def confirm(self, intent_id: str, payment_id: str) -> Intent:
        return self._call("confirm", lambda: self._answer(self._confirm(intent_id)))

    def retrieve(self, intent_id: str) -> Intent:
        return self._call("retrieve", lambda: self._answer(self._get(intent_id)))

    def cancel(self, intent_id: str, *, on_request: bool = False) -> Intent:
        return self._call("cancel", lambda: self._answer(self._cancel(intent_id, on_request)))

    def intents(
        self,
        ledger_id: str,
        *,
        customer: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Intent | UnreadableIntent]:
        last: str | None = ""
        while last is not None:
            asked = partial(self._page, ledger_id, customer, _second(since), _second(until), last)
            page = self._call("intents", asked)
            yield from page.intents
            last = page.last

    # --- What the test does to it ---------------------------------------------------------------

    def fail_next(self, call: str, fault: Fault) -> None:
        self.faults.append((call, fault))

    @property
    def on_their_way(self) -> int:
        """How many calls are late."""
        return len(self._late)

    def arrive_late(self, which: int | None = None) -> None:
        """Carry out what was late, all or one of it, now; nobody hears the answers."""
        late = self._late[:] if which is None else [self._late[which]]
        for act in late:
            self._late.remove(act)
            with suppress(Rejected, Unreadable):
                act()

    def bank_settles(self, intent_id: str, *, returned: bool = False) -> None:
        """The bank's answer to a debit."""
        intent = self.found[intent_id]
        assert intent.status is IntentStatus.PROCESSING
        self.found[intent_id] = (
            replace(
                intent,
                status=IntentStatus.REQUIRES_PAYMENT_METHOD,
                failure_code="insufficient_funds",
                failure_message="The account has insufficient funds.",
            )
            if returned
            else replace(intent, status=IntentStatus.SUCCEEDED)
        )

    def succeeded(self) -> list[Intent]:
        return [i for i in self.found.values() if i.status is IntentStatus.SUCCEEDED]

    # --- How it works ---------------------------------------------------------------------------

    def _call(self, name: str, act: Callable[[], T]) -> T:
        self.calls.append(name)
        self.before(name)
        fault = next((f for call, f in self.faults if call == name), None)
        if fault is not None:
            self.faults.remove((name, fault))
        try:
            return self._carry_out(name, act, fault or self.fate(name))
        finally:
            self.after(name)

    def _carry_out(self, name: str, act: Callable[[], T], fault: Fault | None) -> T:
        match fault:
            case None:
                return act()
            case Fault.TWICE:
                with suppress(Rejected, Unreadable):
                    act()
                return act()
            case Fault.ECHO:
                self._late.append(act)
                return act()
            case Fault.REFUSED:
                raise Rejected("account_invalid", f"{name} is not allowed now")
            case Fault.LOST_ANSWER:
                with suppress(Rejected, Unreadable):
                    act()
            case Fault.LATE:
                self._late.append(act)
            case Fault.UNREADABLE:
                return self._garbled(act())
        raise NoAnswer(f"no answer to {name} ({fault})")

    def _garbled(self, answer: T) -> T:
        """An answer in which no status is a known word."""
        if isinstance(answer, _Page):
            garbled = (i if isinstance(i, UnreadableIntent) else _odd(i) for i in answer.intents)
            return replace(answer, intents=tuple(garbled))
        if isinstance(answer, Intent):
            raise Unreadable(_odd(answer))
        return answer

    def _answer(self, intent: Intent) -> Intent:
        if intent.livemode is not self.livemode:
            raise Unreachable("gateway_mismatch", "it is of another mode")
        shown = self._shown(intent)
        if isinstance(shown, UnreadableIntent):
            raise Unreadable(shown)
        return shown

    def _shown(self, intent: Intent) -> Intent | UnreadableIntent:
        if intent.id in self.unreadable:
            return _odd(intent, invoices=self.unreadable[intent.id])
        return intent if intent.livemode is self.livemode else _odd(intent, "it is of another mode")

    def _page(
        self, ledger_id: str, customer: str, since: int | None, until: int | None, last: str
    ) -> _Page:
        """What follows the intent with the id `last`, if any; others' intents take up room."""
        oldest_first = sorted(self.found.values(), key=lambda intent: intent.created_at)
        listed = [
            intent
            for intent in reversed(oldest_first)
            if customer in ("", intent.customer)
            and (since is None or since <= intent.created_at.timestamp())
            and (until is None or int(intent.created_at.timestamp()) <= until)
        ]
        start = next((n + 1 for n, intent in enumerate(listed) if intent.id == last), 0)
        page = listed[start : start + self.page_size]
        more = start + self.page_size < len(listed)
        ours = (self._shown(intent) for intent in page if intent.ledger_id == ledger_id)
        return _Page(tuple(ours), page[-1].id if more else None)

    def _get(self, intent_id: str) -> Intent:
        if intent_id not in self.found:
            raise Rejected("resource_missing", f"no such intent: {intent_id}")
        return self.found[intent_id]

    def _create(self, order: ChargeOrder) -> Intent:
        intent_id, made_at = self._keys.get(order.payment_id, ("", self.now()))
        if intent_id and self.now() < made_at + KEYS_KEPT:
            if self._orders[intent_id] != order:
                raise Rejected("idempotency_error", "the key was used for something else")
            return self.found[intent_id]
        if order.method not in self._methods:
            raise Rejected("resource_missing", f"no such payment method: {order.method}")
        intent_id = f"pi_{order.payment_id}"
        while intent_id in self.found:
            intent_id += "_again"
        self._keys[order.payment_id] = intent_id, self.now()
        self._orders[intent_id] = order
        self.found[intent_id] = Intent(
            id=intent_id,
            status=IntentStatus.REQUIRES_CONFIRMATION,
            amount_minor=order.amount_minor,
            currency=order.currency,
            livemode=self.livemode,
            customer=order.customer,
            created_at=self.now(),
            ledger_id=order.ledger_id,
            payment_id=order.payment_id,
            customer_number=order.customer_number,
            request_digest=order.request_digest,
            method_type=order.method_type,
            allocations=order.allocations,
        )
        return self.found[intent_id]

    def _confirm(self, intent_id: str) -> Intent:
        intent = self._get(intent_id)
        if intent_id in self._confirmed:  # the same key: the first answer's intent, as it is now
            return intent
        if intent.status is not IntentStatus.REQUIRES_CONFIRMATION or intent_id in self.unreadable:
            raise Rejected("payment_intent_unexpected_state", f"it is {intent.status}")
        method = self._orders[intent_id].method
        if method not in self._methods:
            raise Rejected("resource_missing", f"no such payment method: {method}")
        self._confirmed.add(intent_id)
        fate = self._methods[method]
        if fate == "declines":
            intent = replace(
                intent,
                status=IntentStatus.REQUIRES_PAYMENT_METHOD,
                failure_code="generic_decline",
                failure_message="Your card was declined.",
            )
        else:
            self.charges.append(intent_id)
            done = IntentStatus.SUCCEEDED if fate == "succeeds" else IntentStatus.PROCESSING
            intent = replace(intent, status=done)
        self.found[intent_id] = intent
        return intent

    def _cancel(self, intent_id: str, on_request: bool) -> Intent:
        intent = self._get(intent_id)
        ended = (IntentStatus.SUCCEEDED, IntentStatus.PROCESSING, IntentStatus.CANCELED)
        if intent.status in ended or intent_id in self.unreadable:
            raise Rejected("payment_intent_unexpected_state", f"it is {intent.status}")
        self.found[intent_id] = replace(
            intent, status=IntentStatus.CANCELED, abandoned=not on_request
        )
        return self.found[intent_id]
