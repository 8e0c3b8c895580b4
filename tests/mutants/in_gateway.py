"""Bugs in how the gateway is spoken to and understood."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_FILE = "gateway/stripe_gateway.py"
_READING = "gateway/reading.py"
_ODD = "tests/adapters/gateway/test_odd_objects.py"
_FIRST = "tests/contracts/test_gateway.py"
_PROXY = "tests/faults/test_proxy.py"

IN_GATEWAY = (
    Mutant(
        "proxy-variables-are-heeded",
        "whoever sets a variable leads the charge and its key elsewhere",
        _FILE,
        "self.trust_env = False",
        "self.trust_env = True",
        _PROXY,
    ),
    Mutant(
        "the-practice-bank-is-asked-by-proxy",
        "what is meant for this machine leaves it",
        _FILE,
        'self.proxies = {"https": route.proxy}',
        'self.proxies = {"https": route.proxy, "http": route.proxy}',
        _PROXY,
    ),
    Mutant(
        "a-wrong-password-is-tried-again",
        "the proxy locks the company out",
        _FILE,
        "if 400 <= refused_status(error) < 500:",
        "if 500 <= refused_status(error) < 500:",
        _PROXY,
    ),
    Mutant(
        "fresh-create-key",
        "a repeated create makes a second intent that could be charged as well",
        _FILE,
        'f"{order.payment_id}:create"',
        'f"{order.payment_id}:create:{time.monotonic_ns()}"',
        _FIRST,
    ),
    Mutant(
        "fresh-confirm-key",
        "a repeated confirm is a second attempt to charge",
        _FILE,
        'f"{payment_id}:confirm"',
        'f"{payment_id}:confirm:{time.monotonic_ns()}"',
        _FIRST,
    ),
    Mutant(
        "5xx-is-refusal",
        "a 500 or a dropped connection after the charge reads as if nothing was done",
        _FILE,
        "raise self._no_answer(error) from error",
        'raise Rejected("api_error", str(self._no_answer(error))) from error',
        _FIRST,
    ),
    Mutant(
        "timeout-is-refusal",
        "silence, or an answer cut short, after the charge reads as if nothing was done",
        _FILE,
        "raise self._no_answer(error) from error",
        "if isinstance(error, stripe.APIConnectionError):\n"
        '                    raise Rejected("timeout", "no answer") from error\n'
        "                raise self._no_answer(error) from error",
        _FIRST,
    ),
    Mutant(
        "409-is-refusal",
        "the first attempt is still at work, and the second says that it failed",
        _FILE,
        "raise self._no_answer(error) from error",
        "if error.http_status == 409:\n"
        '                    raise Rejected("conflict", "in use") from error\n'
        "                raise self._no_answer(error) from error",
        _FIRST,
    ),
    Mutant(
        "not-json-is-refusal",
        "a page in place of the answer to a charge reads as if nothing was done",
        _FILE,
        "raise self._no_answer(error) from error",
        "if error.http_status == 200:\n"
        '                    raise Rejected("bad_answer", "not JSON") from error\n'
        "                raise self._no_answer(error) from error",
        _FIRST,
    ),
    Mutant(
        "odd-answer-is-refusal",
        "an answer that is none of the gateway's reads as if nothing was done",
        _FILE,
        "raise NoAnswer(_UNREADABLE)",
        'raise Rejected("bad_answer", _UNREADABLE)',
        _FIRST,
    ),
    Mutant(
        "429-is-refusal",
        "a busy gateway ends a payment",
        _FILE,
        "if pause is None:",
        "if pause:",
        _FIRST,
    ),
    Mutant(
        "mode-not-checked",
        "a live key charges real cards for a practice ledger",
        _FILE,
        "if livemode is (not self._livemode):",
        "if False:",
        _FIRST,
    ),
    Mutant(
        "proxies-are-obeyed",
        "a variable of the environment carries charges elsewhere",
        _FILE,
        "self.trust_env = False",
        "self.trust_env = True",
        _FIRST,
    ),
    Mutant(
        "other-programs-charges",
        "charges of other programs on the account are taken for ours",
        _READING,
        "if written_on(found).get(metadata.LEDGER) == ledger_id:",
        "if True:",
        _FIRST,
    ),
    Mutant(
        "page-of-others-ends-the-list",
        "where other programs charge much, a charge of ours is never listed",
        _FILE,
        "        if not following:\n",
        "        if not following or metadata.LEDGER not in str(found):\n",
        _FIRST,
    ),
    Mutant(
        "list-that-does-not-say-ends",
        "charges on the next page are taken for not made",
        _READING,
        'if not data or listed.get("has_more") is False:',
        'if not data or not listed.get("has_more"):',
        _ODD,
    ),
    Mutant(
        "unreadable-is-passed-over",
        "a charge that cannot be read is taken for not made",
        _READING,
        "if isinstance(read, Intent) or _status(found) is not IntentStatus.CANCELED:",
        "if isinstance(read, Intent):",
        _FIRST,
    ),
    Mutant(
        "absent-field-is-no-answer",
        "one field that Stripe leaves out stops every listing",
        _READING,
        '    code = said(text(error, "decline_code") or text(error, "code"), _CODE)\n',
        '    code = said(error["decline_code"] or error["code"], _CODE)\n',
        _ODD,
    ),
)
