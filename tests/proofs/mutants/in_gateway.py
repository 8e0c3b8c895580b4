"""Bugs in how the gateway is spoken to and understood."""

from __future__ import annotations

from tests.proofs.mutants.edits import always, insert_before, never, replace
from tests.proofs.mutants.mutant import Mutant

_ODD = "tests/gateway/test_odd_objects.py"
_FIRST = "tests/contracts/test_gateway.py"
_PROXY = "tests/proofs/faults/test_proxy.py"

IN_GATEWAY = (
    Mutant(
        "proxy-variables-are-heeded",
        "whoever sets a variable leads the charge and its key elsewhere",
        "_Session.__init__",
        replace("self.trust_env = False", "self.trust_env = True"),
        _PROXY,
    ),
    Mutant(
        "the-practice-bank-is-asked-by-proxy",
        "what is meant for this machine leaves it",
        "_Session.__init__",
        replace("{'https': route.proxy}", "{'https': route.proxy, 'http': route.proxy}"),
        _PROXY,
    ),
    Mutant(
        "a-wrong-password-is-tried-again",
        "the proxy locks the company out",
        "_Session.send",
        replace("400 <= refused_status(error) < 500", "500 <= refused_status(error) < 500"),
        _PROXY,
    ),
    Mutant(
        "fresh-create-key",
        "a repeated create makes a second intent that could be charged as well",
        "StripeGateway.create",
        replace(
            "f'{order.payment_id}:create'", "f'{order.payment_id}:create:{time.monotonic_ns()}'"
        ),
        _FIRST,
    ),
    Mutant(
        "fresh-confirm-key",
        "a repeated confirm is a second attempt to charge",
        "StripeGateway.confirm",
        replace("f'{payment_id}:confirm'", "f'{payment_id}:confirm:{time.monotonic_ns()}'"),
        _FIRST,
    ),
    Mutant(
        "5xx-is-refusal",
        "a 500 or a dropped connection after the charge reads as if nothing was done",
        "StripeGateway._call",
        replace("self._no_answer(error)", "Rejected('api_error', str(self._no_answer(error)))"),
        _FIRST,
    ),
    Mutant(
        "timeout-is-refusal",
        "silence, or an answer cut short, after the charge reads as if nothing was done",
        "StripeGateway._call",
        insert_before(
            "raise self._no_answer(error) from error",
            "if isinstance(error, stripe.APIConnectionError): "
            "raise Rejected('timeout', 'no answer') from error",
        ),
        _FIRST,
    ),
    Mutant(
        "409-is-refusal",
        "the first attempt is still at work, and the second says that it failed",
        "StripeGateway._call",
        insert_before(
            "raise self._no_answer(error) from error",
            "if error.http_status == 409: raise Rejected('conflict', 'in use') from error",
        ),
        _FIRST,
    ),
    Mutant(
        "not-json-is-refusal",
        "a page in place of the answer to a charge reads as if nothing was done",
        "StripeGateway._call",
        insert_before(
            "raise self._no_answer(error) from error",
            "if error.http_status == 200: raise Rejected('bad_answer', 'not JSON') from error",
        ),
        _FIRST,
    ),
    Mutant(
        "odd-answer-is-refusal",
        "an answer that is none of the gateway's reads as if nothing was done",
        "StripeGateway._call",
        replace("NoAnswer(_UNREADABLE)", "Rejected('bad_answer', _UNREADABLE)"),
        _FIRST,
    ),
    Mutant(
        "429-is-refusal",
        "a busy gateway ends a payment",
        "StripeGateway._call",
        replace("pause is None", "pause"),
        _FIRST,
    ),
    Mutant(
        "mode-not-checked",
        "a live key charges real cards for a practice ledger",
        "StripeGateway._check_mode",
        never("livemode is (not self._livemode)"),
        _FIRST,
    ),
    Mutant(
        "proxies-are-obeyed",
        "a variable of the environment carries charges elsewhere",
        "_Session.__init__",
        replace("self.trust_env = False", "self.trust_env = True"),
        _FIRST,
    ),
    Mutant(
        "other-programs-charges",
        "charges of other programs on the account are taken for ours",
        "of_ledger",
        always("written_on(found).get(metadata.LEDGER) == ledger_id"),
        _FIRST,
    ),
    Mutant(
        "page-of-others-ends-the-list",
        "where other programs charge much, a charge of ours is never listed",
        "StripeGateway._listed",
        replace("not following", "not following or metadata.LEDGER not in str(found)"),
        _FIRST,
    ),
    Mutant(
        "list-that-does-not-say-ends",
        "charges on the next page are taken for not made",
        "reading:page",
        replace("listed.get('has_more') is False", "not listed.get('has_more')"),
        _ODD,
    ),
    Mutant(
        "unreadable-is-passed-over",
        "a charge that cannot be read is taken for not made",
        "of_ledger",
        replace(
            "isinstance(read, Intent) or _status(found) is not IntentStatus.CANCELED",
            "isinstance(read, Intent)",
        ),
        _FIRST,
    ),
    Mutant(
        "absent-field-is-no-answer",
        "one field that Stripe leaves out stops every listing",
        "_failure",
        replace(
            "text(error, 'decline_code') or text(error, 'code')",
            "error['decline_code'] or error['code']",
        ),
        _ODD,
    ),
)
