"""Bugs in the steps of a payment: claim, submit, record, settle, reconcile."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_CLAIM = "operations/payments/protocol/claim.py"
_SUBMIT = "operations/payments/protocol/submit.py"
_CANCEL = "operations/payments/protocol/cancel.py"
_RECORD = "operations/payments/protocol/record.py"
_SETTLE = "operations/payments/protocol/settle.py"
_RECONCILE = "operations/payments/protocol/reconcile.py"
_PAYABLE = "operations/payments/protocol/payable.py"
_FIGURES = "operations/books/figures.py"
_GATE = "operations/payments/protocol/restored.py"
_ACKNOWLEDGE = "operations/payments/acknowledgements.py"
_ACKNOWLEDGED = "tests/operations/payments/test_acknowledged.py"
_ADOPT = "operations/payments/protocol/adopt.py"
_COMPARE = "operations/payments/protocol/compare.py"
_SYNC = "operations/payments/sync.py"
_FAULTS = "tests/operations/payments/test_faults.py"
_PAY = "tests/operations/payments/test_pay.py"
_RESTORED = "tests/operations/payments/test_restored.py"
_OVERTAKEN = "tests/operations/payments/test_overtaken.py"
_COMPARISON = "tests/operations/payments/test_comparison.py"
_SLOW = "tests/operations/payments/test_slow_copies.py"
_UNREADABLE = "tests/operations/payments/test_unreadable.py"
_TOGETHER = "tests/operations/payments/test_together.py"

IN_PROTOCOL = (
    # --- Claim ---
    Mutant(
        "raised-is-as-quoted",
        "what was quoted is paid on an invoice that has been raised meanwhile",
        _CLAIM,
        "    if found.payable_minor != line.invoice.payable_minor:\n",
        "    if found.payable_minor < line.invoice.payable_minor:\n",
        _PAY,
    ),
    Mutant(
        "lowered-is-as-quoted",
        "what was quoted is paid on an invoice that has been lowered meanwhile",
        _CLAIM,
        "    if found.payable_minor != line.invoice.payable_minor:\n",
        "    if found.payable_minor > line.invoice.payable_minor:\n",
        _PAY,
    ),
    Mutant(
        "held-parts-are-paid",
        "a part of an invoice is charged twice",
        _PAYABLE,
        "    for payment in unit.payments.unsettled(EVERYTHING, numbers):\n",
        "    for payment in ():\n",
        _ACKNOWLEDGED,
    ),
    Mutant(
        "pending-is-enough",
        "more is paid of what somebody was not told that they paid",
        _PAYABLE,
        "        if not unit.payments.is_acknowledged(payment, actor.email):\n",
        "        if False:\n",
        _ACKNOWLEDGED,
    ),
    Mutant(
        "nobody-is-told",
        "who was killed before the answer pays the same part again",
        _PAYABLE,
        "    if not with_key:\n",
        "    if False:\n",
        _ACKNOWLEDGED,
    ),
    Mutant(
        "anybody-is-told",
        "what finance was shown counts as shown to the payer",
        _ACKNOWLEDGE,
        "unit.payments.acknowledge(payment.id, actor.email, now)",
        "unit.payments.acknowledge(payment.id, payment.initiated_by or actor.email, now)",
        _ACKNOWLEDGED,
    ),
    Mutant(
        "unknown-is-told",
        "an outcome that nobody knows counts as told",
        _ACKNOWLEDGE,
        "if payment.outcome_known and not",
        "if not",
        _ACKNOWLEDGED,
    ),
    Mutant(
        "edited-figures-are-paid",
        "an invoice whose figures were edited is charged again",
        _FIGURES,
        "    if differences:\n",
        "    if False:\n",
        "tests/operations/payments/test_edited.py",
    ),
    Mutant(
        "restored-is-paid-from",
        "what was paid since the backup is charged again",
        _GATE,
        "    if restore is not None:\n",
        "    if False:\n",
        "tests/operations/payments/test_restore.py",
    ),
    Mutant(
        "any-sync-will-do",
        "a backup is confirmed before all that the gateway knows is in the ledger",
        _SYNC,
        "        if not errors:\n",
        "        if True:\n",
        "tests/operations/payments/test_restore.py",
    ),
    Mutant(
        "claim-trusts-the-quote",
        "what came to be held, or was edited, between quote and claim is paid",
        _CLAIM,
        "    check_payable(found, actor, unit, with_key=plan.with_key, "
        "allow_pending=plan.allow_pending)\n",
        "",
        _ACKNOWLEDGED,
    ),
    Mutant(
        "stale-plan-is-paid",
        "what was paid meanwhile is charged again",
        _CLAIM,
        "        _check_line(line, invoice, plan)\n",
        "        str(line)\n",
        _PAY,
    ),
    Mutant(
        "plan-of-another-digest",
        "the id of one payment answers for another",
        _CLAIM,
        "if not same or not actor.scope",
        "if not actor.scope",
        _OVERTAKEN,
    ),
    Mutant(
        "late-invoice-pays-again",
        "an invoice that is imported after its charge was adopted is charged again",
        "operations/payments/protocol/payable.py",
        "    check_placed([invoice.number for invoice in invoices if invoice.payable_minor > 0], "
        "unit)\n",
        "",
        "tests/operations/payments/test_unplaced.py",
    ),
    Mutant(
        "never-placed",
        "what was charged for an invoice never comes to it",
        _SYNC,
        "        place(ports)\n",
        "",
        "tests/operations/payments/test_unplaced.py",
    ),
    Mutant(
        "key-claimed-anew",
        "what a copy has charged under a key, and sync adopted since the quote, is charged again",
        _CLAIM,
        "if found is None and plan.with_key:",
        "if False:",
        "tests/operations/payments/test_restored.py",
    ),
    Mutant(
        "disabled-payer-pays",
        "whoever was locked out a moment ago still charges",
        _CLAIM,
        "        reread_actor(unit, actor)\n",
        "",
        _PAY,
    ),
    # --- Submit ---
    Mutant(
        "check-before-create",
        "two copies of a ledger that pay at once do not see each other: both charge",
        _SUBMIT,
        "        intent = ports.gateway.create(order)\n"
        "        check_not_behind(payment, customer, intent, ports)\n",
        "        nothing = __import__('types').SimpleNamespace(id='', payment_id='')\n"
        "        check_not_behind(payment, customer, nothing, ports)\n"
        "        intent = ports.gateway.create(order)\n",
        _RESTORED,
    ),
    Mutant(
        "restored-ledger-not-noticed",
        "a ledger restored from a backup charges again what was paid after it",
        _SUBMIT,
        "        check_not_behind(payment, customer, intent, ports)\n",
        "",
        _RESTORED,
    ),
    Mutant(
        "loser-confirms",
        "what another process gave up, and released, is charged",
        _SUBMIT,
        "if not may_confirm:",
        "if False:",
        _FAULTS,
    ),
    Mutant(
        "silence-is-decline",
        "an answer that was lost after the charge releases the invoice",
        _SUBMIT,
        "        return record_unknown(payment, str(error), ports)\n    return conclude(",
        "        return record(payment, replace(intent, status=IntentStatus.CANCELED), ports)\n"
        "    return conclude(",
        _FAULTS,
    ),
    Mutant(
        "refused-confirm-is-decline",
        "a confirm that is refused because it was charged already releases the invoice",
        _SUBMIT,
        "            intent = ports.gateway.retrieve(intent.id)\n    except",
        "            intent = replace(intent, status=IntentStatus.CANCELED)\n    except",
        _OVERTAKEN,
    ),
    Mutant(
        "released-without-cancel",
        "a declined intent can still be charged after its invoice was released",
        _SUBMIT,
        "        intent = cancel(intent, ports, on_request=on_request)\n",
        "        intent = replace(intent, status=IntentStatus.CANCELED)\n",
        _FAULTS,
    ),
    Mutant(
        "released-before-canceled",
        "a cancel that nobody answered counts as done",
        _SUBMIT,
        "        return record_unknown(payment, str(error), ports)\n    if intent.status",
        "        intent = replace(intent, status=IntentStatus.CANCELED)\n    if intent.status",
        _FAULTS,
    ),
    Mutant(
        "refused-cancel-is-canceled",
        "a cancel that is refused because it was charged releases the invoice",
        _CANCEL,
        "        return ports.gateway.retrieve(intent.id)\n",
        "        from dataclasses import replace\n"
        "        return replace(intent, status=type(intent.status).CANCELED)\n",
        _OVERTAKEN,
    ),
    # --- Record ---
    Mutant(
        "unknown-releases",
        "an invoice whose charge nobody knows of can be paid again",
        _RECORD,
        "    elif new in FINAL:\n",
        "    elif new in FINAL or new is PaymentStatus.UNKNOWN:\n",
        _FAULTS,
    ),
    Mutant(
        "processing-is-paid",
        "a debit that is returned later was booked as money",
        _RECORD,
        "IntentStatus.PROCESSING: PaymentStatus.PROCESSING",
        "IntentStatus.PROCESSING: PaymentStatus.SUCCEEDED",
        _PAY,
    ),
    Mutant(
        "recorded-twice",
        "the second settler books the same charge, or fails on it",
        _RECORD,
        "    if current.status is status:\n",
        "    if False:\n",
        _OVERTAKEN,
    ),
    Mutant(
        "final-is-not-final",
        "what was given up becomes paid, with its invoice released meanwhile",
        _RECORD,
        "    if current.status in FINAL:\n",
        "    if False:\n",
        _OVERTAKEN,
    ),
    Mutant(
        "stale-copy-decides",
        "a settler books over what another has booked meanwhile",
        _RECORD,
        "    return must_be_there(unit.payments.get(payment.id, EVERYTHING), "
        'f"payment {payment.id}")\n',
        "    return payment\n",
        _FAULTS,
    ),
    Mutant(
        "winner-not-compared",
        "two processes are told that they may confirm",
        _RECORD,
        "            return current, False\n",
        "            return current, True\n",
        _FAULTS,
    ),
    Mutant(
        "amount-not-compared",
        "a charge of another amount is booked as this payment",
        _RECORD,
        "return same and theirs == (payment.amount_minor, payment.currency, payment.livemode)",
        "return same",
        _FAULTS,
    ),
    Mutant(
        "intent-not-compared",
        "the charge of another payment is booked as this one",
        _RECORD,
        "return same and theirs",
        "return theirs",
        _FAULTS,
    ),
    Mutant(
        "release-forgotten",
        "a declined payment holds its invoice forever",
        _RECORD,
        "        unit.invoices.release(payment.allocations)\n",
        "",
        _PAY,
    ),
    Mutant(
        "number-before-the-money",
        "a debit that comes back leaves a gap in the receipts' numbers",
        _RECORD,
        "    changed = unit.payments.change(",
        "    if new is PaymentStatus.PROCESSING:\n"
        '        settled["receipt_number"] = unit.payments.next_receipt_number()\n'
        "    changed = unit.payments.change(",
        _TOGETHER,
    ),
    Mutant(
        "outbox-on-its-own",
        "killed in between, the payment is made and its receipt is never sent",
        _RECORD,
        "        queue_mail(",
        '        unit.outbox._db.execute("COMMIT")\n'
        '        unit.outbox._db.execute("BEGIN IMMEDIATE")\n'
        "        queue_mail(",
        _TOGETHER,
    ),
    Mutant(
        "journal-on-its-own",
        "killed in between, money moved and the journal does not say so",
        _RECORD,
        "    unit.journal.append(\n",
        '    unit.journal._db.execute("COMMIT")\n'
        '    unit.journal._db.execute("BEGIN IMMEDIATE")\n'
        "    unit.journal.append(\n",
        _TOGETHER,
    ),
    Mutant(
        "mail-before-commit",
        "a receipt is sent for what was never recorded",
        _RECORD,
        "        queue_mail(",
        "        from invoicepay.billing.ports import Message\n\n"
        "        ports.mailer.send(\n"
        '            Message(payment.id, "", "", payment.initiated_by, "Paid", "Paid", now)\n'
        "        )\n"
        "        queue_mail(",
        _TOGETHER,
    ),
    # --- Settle ---
    Mutant(
        "settling-confirms-a-claim",
        "a payment that was given up is charged by whoever looks at it",
        _SETTLE,
        "        payment, _ = record_submitted(payment, found, ports)\n",
        "        payment, _ = record_submitted(payment, found, ports)\n"
        "        found = ports.gateway.confirm(found.id, payment.id)\n",
        _FAULTS,
    ),
    Mutant(
        "settling-confirms",
        "a payment whose confirm was lost on its way is charged days later",
        _SETTLE,
        "        intent = ports.gateway.retrieve(payment.gateway_id)\n",
        "        intent = ports.gateway.confirm(payment.gateway_id, payment.id)\n",
        _FAULTS,
    ),
    Mutant(
        "settling-creates-anew",
        "after a day the gateway has forgotten the key, and a second intent is made and canceled "
        "in place of the one that was charged",
        _SETTLE,
        "        intent = ports.gateway.retrieve(payment.gateway_id)\n",
        "        from invoicepay.operations.payments.protocol.submit import _order\n\n"
        "        intent = ports.gateway.create(_order(payment, ports)[1])\n",
        _FAULTS,
    ),
    Mutant(
        "claim-given-up-unasked",
        "a ledger restored to a claim never learns that it was charged",
        _SETTLE,
        "        if found is None:\n",
        "        if True:\n",
        _FAULTS,
    ),
    Mutant(
        "lease-ignored",
        "a payment is taken away from the payer who is making it",
        _SETTLE,
        "    return payment.lease_until is not None and now < payment.lease_until <= now + LEASE",
        "    return False",
        _FAULTS,
    ),
    Mutant(
        "lease-without-end",
        "a clock that was ahead holds an invoice for years",
        _SETTLE,
        " <= now + LEASE\n",
        "\n",
        _FAULTS,
    ),
    # --- Reconcile ---
    Mutant(
        "adopted-under-a-fresh-id",
        "a charge that is adopted twice counts twice, or stops every sync",
        _ADOPT,
        "payment_id = intent.payment_id if own_id and intent.payment_id else derived_id(intent)",
        "payment_id = str(uuid.uuid4())",
        _RESTORED,
    ),
    Mutant(
        "id-alone-explains",
        "a key that is used again after it has expired hides the first charge",
        _RECONCILE,
        "    return payment.gateway_id == intent.id\n",
        "    return True\n",
        _RESTORED,
    ),
    Mutant(
        "debits-not-looked-for",
        "a bank debit that a restored ledger forgot is made again",
        _RECONCILE,
        "CHARGED = (IntentStatus.SUCCEEDED, IntentStatus.PROCESSING)",
        "CHARGED = (IntentStatus.SUCCEEDED,)",
        _RESTORED,
    ),
    Mutant(
        "canceled-crowd-out",
        "many declines hide a charge that the ledger does not know",
        _RECONCILE,
        "        if not is_canceled(intent):\n            count += 1\n",
        "        count += 1\n        if not is_canceled(intent):\n",
        _RESTORED,
    ),
    Mutant(
        "unreadable-is-nothing",
        "what may have been charged already, but cannot be read, is charged again",
        _RECONCILE,
        "    _refuse_what_may_be_charged(payment, behind.unreadable)\n",
        "",
        _UNREADABLE,
    ),
    Mutant(
        "unreadable-locks-out",
        "one charge that cannot be read refuses all that its customer pays",
        _RECONCILE,
        "if intent.invoices is None or allocation.invoice in intent.invoices:",
        "if True:",
        _UNREADABLE,
    ),
    Mutant(
        "unreadable-is-given-up",
        "a claim whose charge cannot be read is released",
        _SETTLE,
        "    if unreadable is not None:\n",
        "    if False:\n",
        _UNREADABLE,
    ),
    Mutant(
        "adopted-beyond-payable",
        "a charge adopted pays an invoice twice instead of becoming credit",
        _ADOPT,
        "min(allocation.amount_minor, invoice.payable_minor, left)",
        "min(allocation.amount_minor, left)",
        _RESTORED,
    ),
    Mutant(
        "moved-on-is-canceled",
        "what another copy charged, just before it was canceled, is charged again",
        _RECONCILE,
        "    _refuse(len(charged))\n",
        "",
        _SLOW,
    ),
    Mutant(
        "second-intent-left",
        "a second intent of a payment stays for whoever made it to confirm",
        _RECONCILE,
        'payment.status in _GIVEN_UP or payment.gateway_id not in ("", intent.id):',
        "payment.status in _GIVEN_UP:",
        _SLOW,
    ),
    Mutant(
        "own-second-intent-left",
        "two copies confirm two intents of one payment, whose key had expired in between",
        _RECONCILE,
        "            payment = KnownPayment(payment.status, own.id)",
        "            pass",
        _SLOW,
    ),
    Mutant(
        "given-up-is-left-alone",
        "what was given up here is charged days later by a copy",
        _SYNC,
        "behind.unfinished + behind.given_up)",
        "behind.unfinished)",
        _SLOW,
    ),
    Mutant(
        "horizon-passes-what-is-left",
        "a charge that comes of it later is refused for good, and never adopted",
        _SYNC,
        "min([max(made) - OVERLAP, *(at for at in of_left if at)])",
        "max(made) - OVERLAP",
        _SLOW,
    ),
    Mutant(
        "horizon-passes-claims",
        "an intent whose claim explains it is forgotten, and charged after the claim was given up",
        _SYNC,
        "[*behind.pending, *behind.unreadable]",
        "[*behind.unreadable]",
        _SLOW,
    ),
    Mutant(
        "refusal-leads-nowhere",
        "a customer is told to sync, and sync finds nothing",
        _RECONCILE,
        "            set_reconciled(min(made), unit, now)\n",
        "            pass\n",
        _SLOW,
    ),
    Mutant(
        "refusal-moves-on",
        "a charge that another refusal had sync look for again is never found",
        _RECONCILE,
        "if min(made) < until:",
        "if True:",
        _SLOW,
    ),
    Mutant(
        "sync-moves-on-what-was-set-back",
        "a charge that was noticed while a sync was under way is not looked for by the next",
        _SYNC,
        "        if same and (since is None or until > since):\n",
        "        if since is None or until > since:\n",
        _SLOW,
    ),
    Mutant(
        "newest-only",
        "a hundred newer payments hide a charge that the ledger does not know",
        _RECONCILE,
        "if enough and (reconciled_until is None or _is_before(intent, reconciled_until)):",
        "if enough:",
        _SLOW,
    ),
    Mutant(
        "moved-on-is-left",
        "what was charged while sync canceled it is not adopted",
        _ADOPT,
        "        return adopt_unmatched_charge(after, ports)\n",
        "        return None\n",
        _SLOW,
    ),
    # --- Compare ---
    Mutant(
        "missing-at-gateway",
        "money that the gateway never had counts as received",
        _COMPARE,
        'found = [_absent(charge, f"since the gateway has no {charge.gateway_id}")]\n',
        "return True\n",
        _COMPARISON,
    ),
    Mutant(
        "amount-at-gateway",
        "another amount than was charged counts as received",
        _COMPARE,
        "    if here != there:\n",
        "    if False:\n",
        _COMPARISON,
    ),
    Mutant(
        "status-at-gateway",
        "what was canceled at the gateway counts as received",
        _COMPARE,
        "    if ended and intent.status is not IntentStatus.SUCCEEDED:\n",
        "    if False:\n",
        _COMPARISON,
    ),
    Mutant(
        "customer-at-gateway",
        "one customer's money pays another's invoice",
        _COMPARE,
        "    if customer != charge.customer:\n",
        "    if False:\n",
        _COMPARISON,
    ),
    Mutant(
        "difference-told-once",
        "a payment that is not as the gateway has it is named once, and then never again",
        _COMPARE,
        "min([after, *(entry - 1 for entry in run.held)])",
        "after",
        _COMPARISON,
    ),
    Mutant(
        "error-counts-as-compared",
        "payments that could not be asked for are never compared",
        _COMPARE,
        "            if self.ended:\n                break\n",
        "            if self.ended:\n                return\n",
        _COMPARISON,
    ),
    Mutant(
        "old-list-decides",
        "people are told that the books differ because somebody paid in that moment",
        _COMPARE,
        " and not _compare(charge, intent, self.ports):\n                del left",
        ":\n                self._differs(charge, _compare(charge, intent, self.ports))\n"
        "                del left",
        _COMPARISON,
    ),
)
