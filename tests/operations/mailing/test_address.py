"""E-mail addresses: which are taken, how they are kept, and how people are shown them."""

from __future__ import annotations

import pytest

from invoicepay.billing.errors import BadInput
from invoicepay.operations.mailing.address import (
    MOST_ADDRESSES,
    check_email,
    check_emails,
    readable,
    with_ascii_domain,
)

MÜLLER = "rechnung@xn--mller-kva.example"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ann@Example.COM ", "ann@example.com"),
        ("rechnung@müller.example", MÜLLER),
        ("Rechnung@MÜLLER.example", MÜLLER),
        ("rechnung@mu\u0308ller.example", MÜLLER),  # as macOS types it
        ("rechnung@xn--mller-kva.example", MÜLLER),
        ("Rechnung@XN--MLLER-KVA.example", MÜLLER),
        ("a@straße.example", "a@xn--strae-oqa.example"),  # IDNA 2003 has it as strasse.example
        ("a@почта.example", "a@xn--80a1acny.example"),
        ("a@пример.рф", "a@xn--e1afmkfd.xn--p1ai"),
        ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
        ("a@ｅｘａｍｐｌｅ.com", "a@example.com"),  # full width
        ("a@例え。テスト", "a@xn--r8jz45g.xn--zckzah"),
        ("a@xn--i-7iq.example", "a@xn--i-7iq.example"),  # of IDNA 2003: as it is
        ("a@localhost", "a@localhost"),
        ("a.b.c@x.example", "a.b.c@x.example"),
        ("a" * 64 + "@" + "x" * 63 + ".example", "a" * 64 + "@" + "x" * 63 + ".example"),
    ],
)
def test_one_kept_form(typed: str, kept: str) -> None:
    assert check_email(typed) == kept
    assert check_email(kept) == kept


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nobody", "'nobody' is not an e-mail address"),
        ("", "'' is not an e-mail address"),
        ("@müller.example", "is not an e-mail address"),
        ("müller.example", "is not an e-mail address"),
        ("a@x.example; b@x.example", "is not an e-mail address"),
        ("a..b@x.example", "is not an e-mail address"),
        (".a@x.example", "is not an e-mail address"),
        ("a.@x.example", "is not an e-mail address"),
        ("a" * 65 + "@x.example", "is not an e-mail address"),
        ("a@" + "x" * 64 + ".example", "is not an e-mail address"),
        ("a@b@müller.example", "is not an e-mail address"),
        ("a@x.example\nBcc: b@müller.example", "is not an e-mail address"),
        ("a@" + "ü" * 300 + ".example", "is not an e-mail address"),
        ("a@" + ".".join(["ü" * 40] * 6), "IDNA knows no such domain"),  # longer once encoded
        ("a@" + "x" * 300 + ".example", "is not an e-mail address"),
        ("a@ü..example", "IDNA knows no such domain; if it is right, write its ASCII form (xn--…)"),
        ("a@☃.example", "IDNA knows no such domain"),
        ("a@-ü.example", "IDNA knows no such domain"),
        ("a@ü_1.example", "IDNA knows no such domain"),
        ("a@\ud83d.example", "is not an e-mail address"),
        ("\ud83d@a.example", "is not an e-mail address"),
        ("rechnüng@x.example", "ask for an address with ASCII letters there"),
        ("rech.nüng+1@müller.example", "ask for an address with ASCII letters there"),
        (
            "ann@ex\u0430mple.example",
            "looks like example.example, but has U+0430, CYRILLIC SMALL LETTER A, for U+0061, "
            "LATIN SMALL LETTER A; if it is right, write its ASCII form (xn--…)",
        ),
        ("ann@\u0455\u0441.\u0441\u043e\u0455", "looks like sc.cos"),
    ],
)
def test_what_is_none(typed: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_email(typed)
    assert said in caught.value.message
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


def test_the_ascii_form_is_taken_as_advised() -> None:
    """Also of a domain that looks like another: its owner may have it, and whoever reads it is
    shown both forms."""
    kept = check_email("ann@xn--exmple-4nf.example")
    assert readable(kept) == "ann@ex\u0430mple.example (xn--exmple-4nf.example)"


def test_several() -> None:
    assert check_emails("") == check_emails(" ; ") == ()
    assert check_emails("a@x.example") == ("a@x.example",)
    for text in (
        "A@x.example; b@müller.example",
        "a@x.example,b@müller.example;",
        "a@x.example\r\nb@müller.example\n",
        "a@x.example; b@müller.example; a@X.example, b@xn--mller-kva.example",
    ):
        assert check_emails(text) == ("a@x.example", "b@xn--mller-kva.example")
    with pytest.raises(BadInput, match="'nobody' is not an e-mail address"):
        check_emails("a@x.example; nobody")


def test_not_ever_more_of_them() -> None:
    text = "; ".join(f"a{n}@x.example" for n in range(MOST_ADDRESSES))
    assert len(check_emails(text)) == MOST_ADDRESSES
    assert check_emails(f"{text}; a0@x.example") == check_emails(text)
    with pytest.raises(BadInput, match=f"more than {MOST_ADDRESSES} e-mail addresses"):
        check_emails(f"{text}; b@x.example")


def test_people_read_both_forms() -> None:
    assert readable("ann@example.com") == "ann@example.com"
    assert readable(MÜLLER) == "rechnung@müller.example (xn--mller-kva.example)"
    for odd in ("a@xn--.example", "a@xn--i-7iq.example", "xn--", "a@xn--" + "a" * 300):
        assert readable(odd) == odd


def test_what_is_no_address_is_left_for_others_to_refuse() -> None:
    assert with_ascii_domain("Billing@müller.example") == "Billing@xn--mller-kva.example"
    for text in (
        "",
        "Acme Tools",
        "Billing@Example.com",
        "a@ü..x",
        "ü@x.example",
        "a@" + "ü" * 300,
    ):
        assert with_ascii_domain(text) == text
