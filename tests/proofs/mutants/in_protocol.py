"""Bugs in the steps of a payment: claim, submit, record, settle, reconcile."""

from __future__ import annotations

from tests.proofs.mutants.edits import always, insert_before, never, remove, replace
from tests.proofs.mutants.mutant import Mutant

_ACKNOWLEDGED = "tests/operations/payments/test_acknowledgements.py"
_FAULTS = "tests/operations/payments/protocol/test_faults.py"
_RECORDED = "tests/operations/payments/protocol/test_recorded.py"
_SUBMITTED = "tests/operations/payments/protocol/test_submitted.py"
_PAY = "tests/operations/payments/test_pay.py"
_RESTORED = "tests/operations/payments/protocol/test_restored.py"
_OVERTAKEN = "tests/operations/payments/protocol/test_overtaken.py"
_COMPARISON = "tests/operations/payments/protocol/test_comparison.py"
_SLOW = "tests/operations/payments/protocol/test_slow_copies.py"
_UNREADABLE = "tests/operations/payments/protocol/test_unreadable.py"
_TOGETHER = "tests/operations/payments/protocol/test_together.py"

IN_PROTOCOL = (
    # --- Claim ---
    Mutant(
        "raised-is-as-quoted",
        "what was quoted is paid on an invoice that has been raised meanwhile",
        "_check_line",
        replace(
            "found.payable_minor != line.invoice.payable_minor",
            "found.payable_minor < line.invoice.payable_minor",
        ),
        _PAY,
    ),
    Mutant(
        "lowered-is-as-quoted",
        "what was quoted is paid on an invoice that has been lowered meanwhile",
        "_check_line",
        replace(
            "found.payable_minor != line.invoice.payable_minor",
            "found.payable_minor > line.invoice.payable_minor",
        ),
        _PAY,
    ),
    Mutant(
        "held-parts-are-paid",
        "a part of an invoice is charged twice",
        "check_payable",
        replace("unit.payments.unsettled(EVERYTHING, numbers)", "()"),
        _ACKNOWLEDGED,
    ),
    Mutant(
        "pending-is-enough",
        "more is paid of what somebody was not told that they paid",
        "check_payable",
        never("not unit.payments.is_acknowledged(payment, actor.email)"),
        _ACKNOWLEDGED,
    ),
    Mutant(
        "nobody-is-told",
        "who was killed before the answer pays the same part again",
        "check_payable",
        never("not with_key"),
        _ACKNOWLEDGED,
    ),
    Mutant(
        "anybody-is-told",
        "what finance was shown counts as shown to the payer",
        "acknowledge_payments",
        replace(
            "unit.payments.acknowledge(payment.id, actor.email, now)",
            "unit.payments.acknowledge(payment.id, payment.initiated_by or actor.email, now)",
        ),
        _ACKNOWLEDGED,
    ),
    Mutant(
        "unknown-is-told",
        "an outcome that nobody knows counts as told",
        "acknowledge_payments",
        replace(
            "payment.outcome_known and not unit.payments.is_acknowledged(payment, actor.email)",
            "not unit.payments.is_acknowledged(payment, actor.email)",
        ),
        _ACKNOWLEDGED,
    ),
    Mutant(
        "edited-figures-are-paid",
        "an invoice whose figures were edited is charged again",
        "check_figures",
        never("differences"),
        "tests/operations/books/test_edited.py",
    ),
    Mutant(
        "restored-is-paid-from",
        "what was paid since the backup is charged again",
        "check_confirmed",
        never("restore is not None"),
        "tests/operations/books/test_restore.py",
    ),
    Mutant(
        "any-sync-will-do",
        "a backup is confirmed before all that the gateway knows is in the ledger",
        "payments.sync:sync",
        always("not errors"),
        "tests/operations/books/test_restore.py",
    ),
    Mutant(
        "claim-trusts-the-quote",
        "what came to be held, or was edited, between quote and claim is paid",
        "_check_unchanged",
        remove("check_payable(...)"),
        _ACKNOWLEDGED,
    ),
    Mutant(
        "stale-plan-is-paid",
        "what was paid meanwhile is charged again",
        "_check_unchanged",
        replace("_check_line(line, invoice, plan)", "str(line)"),
        _PAY,
    ),
    Mutant(
        "plan-of-another-digest",
        "the id of one payment answers for another",
        "_made_before",
        replace(
            "not same or not actor.scope.has(found.customer)", "not actor.scope.has(found.customer)"
        ),
        _OVERTAKEN,
    ),
    Mutant(
        "late-invoice-pays-again",
        "an invoice that is imported after its charge was taken in is charged again",
        "check_payable",
        remove("check_placed(...)"),
        "tests/operations/payments/protocol/test_unplaced.py",
    ),
    Mutant(
        "never-placed",
        "what was charged for an invoice never comes to it",
        "payments.sync:sync",
        remove("place(ports)"),
        "tests/operations/payments/protocol/test_unplaced.py",
    ),
    Mutant(
        "key-claimed-anew",
        "what a copy has charged under a key, and sync took in since the quote, is charged again",
        "_made_before",
        never("found is None and plan.with_key"),
        "tests/operations/payments/protocol/test_restored.py",
    ),
    Mutant(
        "disabled-payer-pays",
        "whoever was locked out a moment ago still charges",
        "claim",
        remove("reread_actor(unit, actor)"),
        _PAY,
    ),
    # --- Submit ---
    Mutant(
        "check-before-create",
        "two copies of a ledger that pay at once do not see each other: both charge",
        "charge:_prepare",
        replace(
            "intent = ports.gateway.create(order); "
            "check_not_behind(payment, customer, intent, ports)",
            "nothing = __import__('types').SimpleNamespace(id='', payment_id=''); "
            "check_not_behind(payment, customer, nothing, ports); "
            "intent = ports.gateway.create(order)",
        ),
        _RESTORED,
    ),
    Mutant(
        "restored-ledger-not-noticed",
        "a ledger restored from a backup charges again what was paid after it",
        "charge:_prepare",
        remove("check_not_behind(payment, customer, intent, ports)"),
        _RESTORED,
    ),
    Mutant(
        "loser-confirms",
        "what another process gave up, and released, is charged",
        "charge",
        never("not may_confirm"),
        _SUBMITTED,
    ),
    Mutant(
        "silence-is-decline",
        "an answer that was lost after the charge releases the invoice",
        "charge:_confirm",
        replace(
            "record_unknown(payment, str(error), ports)",
            "record(payment, replace(intent, status=IntentStatus.CANCELED), ports)",
        ),
        _FAULTS,
    ),
    Mutant(
        "refused-confirm-is-decline",
        "a confirm that is refused because it was charged already releases the invoice",
        "charge:_confirm",
        replace(
            "ports.gateway.retrieve(intent.id)", "replace(intent, status=IntentStatus.CANCELED)"
        ),
        _OVERTAKEN,
    ),
    Mutant(
        "released-without-cancel",
        "a declined intent can still be charged after its invoice was released",
        "conclude",
        replace(
            "cancel_intent(intent, ports, on_request=on_request)",
            "replace(intent, status=IntentStatus.CANCELED)",
        ),
        _FAULTS,
    ),
    Mutant(
        "released-before-canceled",
        "a cancel that nobody answered counts as done",
        "conclude",
        replace(
            "return record_unknown(payment, str(error), ports)",
            "intent = replace(intent, status=IntentStatus.CANCELED)",
        ),
        _FAULTS,
    ),
    Mutant(
        "refused-cancel-is-canceled",
        "a cancel that is refused because it was charged releases the invoice",
        "cancel_intent",
        replace(
            "return ports.gateway.retrieve(intent.id)",
            "from dataclasses import replace; "
            "return replace(intent, status=type(intent.status).CANCELED)",
        ),
        _OVERTAKEN,
    ),
    # --- Record ---
    Mutant(
        "unknown-releases",
        "an invoice whose charge nobody knows of can be paid again",
        "change_state",
        replace("new in FINAL", "new in FINAL or new is PaymentStatus.UNKNOWN"),
        _FAULTS,
    ),
    Mutant(
        "processing-is-paid",
        "a debit that is returned later was booked as money",
        "SETTLED_BY",
        replace("PaymentStatus.PROCESSING", "PaymentStatus.SUCCEEDED"),
        _PAY,
    ),
    Mutant(
        "recorded-twice",
        "the second settler books the same charge, or fails on it",
        "record_in",
        never("current.status is status"),
        _OVERTAKEN,
    ),
    Mutant(
        "final-is-not-final",
        "what was given up becomes paid, with its invoice released meanwhile",
        "record_in",
        never("current.status in FINAL"),
        _OVERTAKEN,
    ),
    Mutant(
        "stale-copy-decides",
        "a settler books over what another has booked meanwhile",
        "reread",
        replace(
            "must_be_there(unit.payments.get(payment.id, EVERYTHING), f'payment {payment.id}')",
            "payment",
        ),
        _FAULTS,
    ),
    Mutant(
        "winner-not-compared",
        "two processes are told that they may confirm",
        "store_intent",
        replace("return current, False", "return current, True"),
        _SUBMITTED,
    ),
    Mutant(
        "amount-not-compared",
        "a charge of another amount is booked as this payment",
        "is_of",
        replace(
            "same and theirs == (payment.amount_minor, payment.currency, payment.livemode)", "same"
        ),
        _FAULTS,
    ),
    Mutant(
        "intent-not-compared",
        "the charge of another payment is booked as this one",
        "is_of",
        replace(
            "same and theirs == (payment.amount_minor, payment.currency, payment.livemode)",
            "theirs == (payment.amount_minor, payment.currency, payment.livemode)",
        ),
        _FAULTS,
    ),
    Mutant(
        "release-forgotten",
        "a declined payment holds its invoice forever",
        "change_state",
        remove("unit.invoices.release(payment.allocations)"),
        _PAY,
    ),
    Mutant(
        "number-before-the-money",
        "a debit that comes back leaves a gap in the receipts' numbers",
        "change_state",
        insert_before(
            "changed = unit.payments.change(...)",
            "if new is PaymentStatus.PROCESSING: "
            "settled['receipt_number'] = unit.payments.next_receipt_number()",
        ),
        _TOGETHER,
    ),
    Mutant(
        "outbox-on-its-own",
        "killed in between, the payment is made and its receipt is never sent",
        "change_state",
        insert_before(
            "queue_mail(...)",
            "unit.outbox._db.execute('COMMIT'); unit.outbox._db.execute('BEGIN IMMEDIATE')",
        ),
        _TOGETHER,
    ),
    Mutant(
        "journal-on-its-own",
        "killed in between, money moved and the journal does not say so",
        "change_state",
        insert_before(
            "unit.journal.append(...)",
            "unit.journal._db.execute('COMMIT'); unit.journal._db.execute('BEGIN IMMEDIATE')",
        ),
        _TOGETHER,
    ),
    Mutant(
        "mail-before-commit",
        "a receipt is sent for what was never recorded",
        "change_state",
        insert_before(
            "queue_mail(...)",
            "from invoicepay.billing.ports import Message; "
            "ports.mailer.send("
            "Message(payment.id, '', '', payment.initiated_by, 'Paid', 'Paid', now))",
        ),
        _TOGETHER,
    ),
    # --- Settle ---
    Mutant(
        "settling-confirms-a-claim",
        "a payment that was given up is charged by whoever looks at it",
        "settle",
        replace(
            "payment, _ = store_intent(payment, found, ports)",
            "payment, _ = store_intent(payment, found, ports); "
            "found = ports.gateway.confirm(found.id, payment.id)",
        ),
        _FAULTS,
    ),
    Mutant(
        "settling-confirms",
        "a payment whose confirm was lost on its way is charged days later",
        "settle",
        replace(
            "ports.gateway.retrieve(payment.gateway_id)",
            "ports.gateway.confirm(payment.gateway_id, payment.id)",
        ),
        _FAULTS,
    ),
    Mutant(
        "settling-creates-anew",
        "after a day the gateway has forgotten the key, and a second intent is made and canceled "
        "in place of the one that was charged",
        "settle",
        replace(
            "intent = ports.gateway.retrieve(payment.gateway_id)",
            "from invoicepay.operations.payments.protocol.charge import _order; "
            "intent = ports.gateway.create(_order(payment, ports)[1])",
        ),
        _FAULTS,
    ),
    Mutant(
        "claim-given-up-unasked",
        "a ledger restored to a claim never learns that it was charged",
        "settle",
        always("found is None"),
        _RECORDED,
    ),
    Mutant(
        "lease-ignored",
        "a payment is taken away from the payer who is making it",
        "has_lease",
        replace(
            "payment.lease_until is not None and now < payment.lease_until <= now + LEASE", "False"
        ),
        _FAULTS,
    ),
    Mutant(
        "lease-without-end",
        "a clock that was ahead holds an invoice for years",
        "has_lease",
        replace("now < payment.lease_until <= now + LEASE", "now < payment.lease_until"),
        _FAULTS,
    ),
    # --- Reconcile ---
    Mutant(
        "taken-in-under-a-fresh-id",
        "a charge that is taken in twice counts twice, or stops every sync",
        "adopt_unmatched_charge",
        replace(
            "intent.payment_id if own_id and intent.payment_id else derived_id(intent)",
            "str(uuid.uuid4())",
        ),
        _RESTORED,
    ),
    Mutant(
        "id-alone-explains",
        "a key that is used again after it has expired hides the first charge",
        "explains",
        replace("payment.gateway_id == intent.id", "True"),
        _RESTORED,
    ),
    Mutant(
        "debits-not-looked-for",
        "a bank debit that a restored ledger forgot is made again",
        "reconcile:CHARGED",
        replace("(IntentStatus.SUCCEEDED, IntentStatus.PROCESSING)", "(IntentStatus.SUCCEEDED,)"),
        _RESTORED,
    ),
    Mutant(
        "canceled-crowd-out",
        "many declines hide a charge that the ledger does not know",
        "_to_be_looked_at",
        replace(
            "if not is_canceled(intent): count += 1; yield intent",
            "count += 1\nif not is_canceled(intent): yield intent",
        ),
        _RESTORED,
    ),
    Mutant(
        "unreadable-is-nothing",
        "what may have been charged already, but cannot be read, is charged again",
        "check_not_behind",
        remove("_refuse_what_may_be_charged(payment, behind.unreadable)"),
        _UNREADABLE,
    ),
    Mutant(
        "unreadable-locks-out",
        "one charge that cannot be read refuses all that its customer pays",
        "_refuse_what_may_be_charged",
        always("intent.invoices is None or allocation.invoice in intent.invoices"),
        _UNREADABLE,
    ),
    Mutant(
        "unreadable-is-given-up",
        "a claim whose charge cannot be read is released",
        "_find",
        never("unreadable is not None"),
        _UNREADABLE,
    ),
    Mutant(
        "taken-in-beyond-payable",
        "a charge taken in pays an invoice twice instead of becoming credit",
        "_fitting",
        replace(
            "min(allocation.amount_minor, invoice.payable_minor, left)",
            "min(allocation.amount_minor, left)",
        ),
        _RESTORED,
    ),
    Mutant(
        "moved-on-is-canceled",
        "what another copy charged, just before it was canceled, is charged again",
        "check_not_behind",
        remove("_refuse(len(charged))"),
        _SLOW,
    ),
    Mutant(
        "second-intent-left",
        "a second intent of a payment stays for whoever made it to confirm",
        "unexplained",
        replace(
            "payment.status in _GIVEN_UP or payment.gateway_id not in ('', intent.id)",
            "payment.status in _GIVEN_UP",
        ),
        _SLOW,
    ),
    Mutant(
        "own-second-intent-left",
        "two copies confirm two intents of one payment, whose key had expired in between",
        "unexplained",
        remove("payment = KnownPayment(payment.status, own.id)"),
        _SLOW,
    ),
    Mutant(
        "given-up-is-left-alone",
        "what was given up here is charged days later by a copy",
        "_reconcile",
        replace("behind.unfinished + behind.given_up", "behind.unfinished"),
        _SLOW,
    ),
    Mutant(
        "horizon-passes-what-is-left",
        "a charge that comes of it later is refused for good, and never taken in",
        "_remember",
        replace("min([max(made) - OVERLAP, *(at for at in of_left if at)])", "max(made) - OVERLAP"),
        _SLOW,
    ),
    Mutant(
        "horizon-passes-claims",
        "an intent whose claim explains it is forgotten, and charged after the claim was given up",
        "_reconcile",
        replace("[*behind.pending, *behind.unreadable]", "[*behind.unreadable]"),
        _SLOW,
    ),
    Mutant(
        "refusal-leads-nowhere",
        "a customer is told to sync, and sync finds nothing",
        "_look_from",
        remove("set_reconciled(min(made), unit, now)"),
        _SLOW,
    ),
    Mutant(
        "refusal-moves-on",
        "a charge that another refusal had sync look for again is never found",
        "_look_from",
        always("min(made) < until"),
        _SLOW,
    ),
    Mutant(
        "sync-moves-on-what-was-set-back",
        "a charge that was noticed while a sync was under way is not looked for by the next",
        "_remember",
        replace("same and (since is None or until > since)", "since is None or until > since"),
        _SLOW,
    ),
    Mutant(
        "newest-only",
        "a hundred newer payments hide a charge that the ledger does not know",
        "_to_be_looked_at",
        replace(
            "enough and (reconciled_until is None or _is_before(intent, reconciled_until))",
            "enough",
        ),
        _SLOW,
    ),
    Mutant(
        "moved-on-is-left",
        "what was charged while sync canceled it is not taken in",
        "cancel_or_adopt",
        replace("adopt_unmatched_charge(after, ports)", "None"),
        _SLOW,
    ),
    # --- Compare ---
    Mutant(
        "missing-at-gateway",
        "money that the gateway never had counts as received",
        "_Run._agrees",
        replace(
            "found = [_absent(charge, f'since the gateway has no {charge.gateway_id}')]",
            "return True",
        ),
        _COMPARISON,
    ),
    Mutant(
        "amount-at-gateway",
        "another amount than was charged counts as received",
        "compare:_compare",
        never("here != there"),
        _COMPARISON,
    ),
    Mutant(
        "status-at-gateway",
        "what was canceled at the gateway counts as received",
        "compare:_compare",
        never("ended and intent.status is not IntentStatus.SUCCEEDED"),
        _COMPARISON,
    ),
    Mutant(
        "customer-at-gateway",
        "one customer's money pays another's invoice",
        "compare:_compare",
        never("customer != charge.customer"),
        _COMPARISON,
    ),
    Mutant(
        "difference-told-once",
        "a payment that is not as the gateway has it is named once, and then never again",
        "compare_changed",
        replace("min([after, *(entry - 1 for entry in run.held)])", "after"),
        _COMPARISON,
    ),
    Mutant(
        "error-counts-as-compared",
        "payments that could not be asked for are never compared",
        "_Run.ask_for",
        replace("break", "return"),
        _COMPARISON,
    ),
    Mutant(
        "old-list-decides",
        "people are told that the books differ because somebody paid in that moment",
        "_Run.look_in",
        replace(
            "if charge and isinstance(intent, Intent)"
            " and not _compare(charge, intent, self.ports): ...",
            "if charge and isinstance(intent, Intent): "
            "self._differs(charge, _compare(charge, intent, self.ports)); del left[intent.id]",
        ),
        _COMPARISON,
    ),
)
