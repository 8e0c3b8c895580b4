"""Cells that are not the amount, currency, date, word or name that they stand for."""

from __future__ import annotations

from tests.proofs.hostile.files.bad import Bad, invoice, payment

MAPPED = (
    'decimal_mark = ","\nthousands_mark = "."\ndate_format = "%d.%m.%Y"\ndelimiter = ";"\n'
    '[columns]\nnumber = "No"\ncustomer = "Who"\nissued_on = "On"\ntotal = "Sum"\n'
)


def _total(text: str, says: str = "is not an amount", currency: str = "USD") -> Bad:
    row = f'A,C1,2026-10-01,,{currency},"{text}",'
    return invoice(f"{currency} {text[:24]!r}", row, f"total: {_quoted(text)} {says}")


def _quoted(text: str) -> str:
    """As a message shows it."""
    return f"'{text}'" if len(text) <= 40 else f"'{text[:37]}...'"


def _unseen(text: str, name: str) -> Bad:
    return invoice(f"USD with {name}", f"A,C1,2026-10-01,,USD,1{text}000,", f", {name}")


def _mapped(text: str) -> Bad:
    content = f"No;Who;On;Sum\nA;C1;01.10.2026;{text}\n"
    says = f"line 2, Sum: '{text}' is not an amount"
    return Bad(f"mapped {text}", "invoices", content, 2, says, mapping=MAPPED)


NO_AMOUNTS = [
    _total(text)
    for text in (
        "1_000", "１２", "٣", "१२", "²", "Ⅻ", "½", "NaN", "nan", "inf", "-inf", "Infinity", "1e3",
        "1E3", "1e2000000", "1e-2", "0x10", "0b1", "0o7", "1,00", "1.000,00", "1,000.00", "1 000",
        "1'000.00", "$5", "5 USD", "USD 5", "€5", "5€", "5-", "(5.00)",
        "--5", "+5", "−5", "–5", "- 5", "5.", ".5", ".", "-", "-.5", "1.2.3", "5/1", "=5", "=A1+1",
        "five", "True", "None", "null", "N/A", "-0.00.0", "5;6", "5%", "1,842.50", "9" * 10_000,
        "0" * 20, "1" + "0" * 19 + ".00", "1." + "0" * 10_000, "1.0000000", "",
    )
] + [
    invoice("USD spaces", "A,C1,2026-10-01,,USD,   ,", "total: '' is not an amount"),
    _unseen("\u00a0", "NO-BREAK SPACE"),
    _unseen("\u202f", "NARROW NO-BREAK SPACE"),
    _unseen("\u200b", "ZERO WIDTH SPACE"),
    _unseen("\u2800", "BRAILLE PATTERN BLANK"),
    _unseen("\ufffc", "OBJECT REPLACEMENT CHARACTER"),
    _unseen("\u202e", "RIGHT-TO-LEFT OVERRIDE"),
    _unseen("\u2212\u2060", "WORD JOINER"),
]  # fmt: skip

DECIMALS = [
    invoice(f"{currency} {text}", f"A,C1,2026-10-01,,{currency},{text},", f"total: {says}")
    for currency, text, says in (
        ("USD", "1.234", "1.234 has more decimals than USD (2)"),
        ("USD", "19.999", "19.999 has more decimals than USD (2)"),
        ("USD", "0.000001", "0.000001 has more decimals than USD (2)"),
        ("JPY", "1.5", "1.5 has more decimals than JPY (0)"),
        ("JPY", "100.001", "100.001 has more decimals than JPY (0)"),
        ("KRW", "0.01", "0.01 has more decimals than KRW (0)"),
        ("BHD", "1.2345", "1.2345 has more decimals than BHD (3)"),
        ("MGA", "1.20", "1.20 has more decimals than MGA (0)"),
        ("ISK", "1.505", "1.505 has more decimals than ISK (2)"),
        ("CLF", "1.00005", "1.00005 has more decimals than CLF (4)"),
        ("USD", "92233720368547758.08", "the amount does not fit 64 bits"),
        ("USD", "9223372036854775807", "the amount does not fit 64 bits"),
        ("JPY", "9223372036854775808", "the amount does not fit 64 bits"),
        ("JPY", "-9223372036854775808", "the amount does not fit 64 bits"),
        ("USD", "9999999999999999999.99", "the amount does not fit 64 bits"),
        ("USD", "-0.01", "it is negative: a credit memo says so under kind"),
    )
]

MARKS = [
    _mapped(text)
    for text in (
        "1,234.50", "12.34", "1.23,4", "1.2345,00", ".123", "1..234", "1.234.56", "1,2,3", "1.234,",
        ",50", "1 234,50", "1.234,5000000", "1e3", "１.２３４", "-", "--1", "1_000",
    )
]  # fmt: skip

CURRENCIES = [
    invoice(f"currency {text!r}", f"A,C1,2026-10-01,,{text},5,", f"currency: {says}")
    for text, says in (
        ("XXX", "'XXX' is not a currency code"),
        ("XAU", "'XAU' is not a currency code"),
        ("BTC", "'BTC' is not a currency code"),
        ("US", "'US' is not a currency code"),
        ("USDX", "'USDX' is not a currency code"),
        ("$", "'$' is not a currency code"),
        ("840", "'840' is not a currency code"),
        ("ＵＳＤ", "'ＵＳＤ' is not a currency code"),
        ("U\u017fD", "'U\u017fD' is not a currency code"),
        ("U S D", "'U S D' is not a currency code"),
        ("Dollars", "'Dollars' is not a currency code"),
        ("x" * 99, "'" + "x" * 37 + "...' is not a currency code"),
    )
]


def _day(text: str, says: str = "is not a date like 2026-10-31") -> Bad:
    return invoice(f"issued on {text[:30]!r}", f'A,C1,"{text}",,USD,5,', says)


DATES = [
    _day(text)
    for text in (
        "2026-02-31", "2026-02-29", "2026-13-01", "2026-00-10", "2026-10-00", "2026-10-32",
        "26-1-1", "2026-1-1", "01/02/2026", "31.10.2026", "10/31/26", "20261031", "2026-10",
        "2026", "10000-01-01", "02026-10-01", "-2026-10-01", "2026-10-01T00:00:00",
        "2026-10-01 00:00", "2026-10-01Z", "２０２６-１０-０１", "٢٠٢٦-١٠-٠١", "2026‑10‑01",
        "2026–10–01", "2026-W40-4", "2026-274", "Oct 1, 2026", "today", "46296", "0000-01-01",
        "", "2026-10-0１", "1e3", "None", "9" * 10_000,
    )
] + [
    _day(text, f"issued_on: '{text}' is not between 1900 and 2199")
    for text in ("0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31")
] + [
    invoice("due before it is issued", "A,C1,2026-10-01,2026-09-30,USD,5,", "due_on: it is before issued_on"),
    invoice("due on a day that is none", "A,C1,2026-10-01,2026-11-31,USD,5,", "due_on: '2026-11-31' is"),
    invoice("months first", "A,C1,10/31/2026,,USD,5,", "issued_on: '10/31/2026' is not a date"),
    payment("received tomorrow", "9,C1,2026-11-02,check,USD,5,,,", "received_on: it is in the future"),
    payment("received in 1899", "9,C1,1899-12-31,check,USD,5,,,", "is not between 1900 and 2199"),
    payment("received on no day", "9,C1,,check,USD,5,,,", "received_on: '' is not a date"),
    Bad("mapped 31 February", "invoices", "No;Who;On;Sum\nA;C1;31.02.2026;5\n", 2, "'31.02.2026' is not a date like %d.%m.%Y", mapping=MAPPED),
    Bad("mapped month first", "invoices", "No;Who;On;Sum\nA;C1;02.31.2026;5\n", 2, "'02.31.2026' is not a date", mapping=MAPPED),
]  # fmt: skip


def _customer(name: str, row: str, says: str) -> Bad:
    head = "number,name,email,address,currency,terms_days\n"
    return Bad(f"customer: {name}", "customers", f"{head}{row}\n", 2, says)


def _contact(name: str, row: str, says: str) -> Bad:
    return Bad(f"contact: {name}", "contacts", f"email,name,role,customers\n{row}\n", 2, says)


NAMES = [
    invoice("a number of spaces", '"  ",C1,2026-10-01,,USD,5,', "number: it is empty"),
    invoice("a number like an option", "--yes,C1,2026-10-01,,USD,5,", "begins with '-'"),
    invoice("a number of 65 characters", f"{'9' * 65},C1,2026-10-01,,USD,5,", "longer than 64"),
    invoice("a number of 100,000", f"{'9' * 100_000},C1,2026-10-01,,USD,5,", "longer than 64"),
    invoice("a number over two lines", '"A\nB",C1,2026-10-01,,USD,5,', "number: it has a line break"),
    invoice("a number with a tab", "A\tB,C1,2026-10-01,,USD,5,", "number: it has U+0009"),
    invoice("a number that turns round", "A\u202eB,C1,2026-10-01,,USD,5,", "RIGHT-TO-LEFT OVERRIDE"),
    invoice("a number of tags", "A\U000e0041,C1,2026-10-01,,USD,5,", "TAG LATIN CAPITAL LETTER A"),
    invoice("a memo that paints", "A,C1,2026-10-01,,USD,5,\x1b[31mred", "memo: it has U+001B"),
    invoice("a memo with C1 controls", "A,C1,2026-10-01,,USD,5,\x9b31m", "memo: it has U+009B"),
    invoice("a memo of 2,001", f"A,C1,2026-10-01,,USD,5,{'x' * 2001}", "longer than 2000 characters"),
    _customer("no number", ",K,,,,", "number: it is empty"),
    _customer("no name", "K,,,,,", "name: it is empty"),
    _customer("a name of spaces", "K,   ,,,,", "name: it is empty"),
    _customer("a name of 201", f"K,{'x' * 201},,,,", "name: it is longer than 200 characters"),
    _customer("a name over two lines", 'K,"a\nb",,,,', "name: it has a line break"),
    _customer("no e-mail address", "K,K,ann,,,", "'ann' is not an e-mail address"),
    _customer("two e-mail addresses", "K,K,a@a.example b@b.example,,,", "is not an e-mail address"),
    _customer("an e-mail header", 'K,K,"a@a.example\nBcc: b@b.example",,,', "is not an e-mail address"),
    _customer("an unknown currency", "K,K,,,XXX,", "currency: 'XXX' is not a currency code"),
    _customer("terms of a week", "K,K,,,,week", "terms_days: 'week' is not a number of days"),
    _customer("terms of 1,000 days", "K,K,,,,1000", "is not a number of days below 1000"),
    _customer("negative terms", "K,K,,,,-1", "terms_days: '-1' is not a number of days"),
    _customer("terms in full-width digits", "K,K,,,,３０", "terms_days: '３０' is not a number"),
    _contact("no e-mail", ",Ann,,C1", "email: it is empty"),
    _contact("no name", "k@a.example,,,C1", "name: it is empty"),
    _contact("a letter like another", "ann@exаmple.example,Ann,,C1", "looks like example.example, but has U+0430"),
    _contact("an unknown role", "k@a.example,K,owner,C1", "role: 'owner' is not one of"),
    _contact("a role above one's own", "k@a.example,K,admin,", "role: only an admin imports"),
    _contact("oneself", "fin@example.com,Fin,customer,C1", "only an admin imports"),
    _contact("no customer", "k@a.example,K,,", "acts for at least one"),
    _contact("an unknown customer", "k@a.example,K,,C1;C9", "there is no customer 'C9'"),
    _contact("finance with a customer", "k@a.example,K,finance,C1", "sees all customers"),
    payment("an unknown method", "9,C1,2026-10-09,cheque,USD,5,,,", "'cheque' is not one of check"),
    payment("a card", "9,C1,2026-10-09,card,USD,5,,,", "'card' is not one of check, wire, other"),
    payment("no reference", ",C1,2026-10-09,check,USD,5,,,", "reference: it is empty"),
    payment("minus nothing", "9,C1,2026-10-09,check,USD,-0.00,,,", "amount: it is not more than zero"),
    payment("less than nothing", "9,C1,2026-10-09,check,USD,-5,,,", "it is not more than zero"),
]  # fmt: skip

CASES = [*NO_AMOUNTS, *DECIMALS, *MARKS, *CURRENCIES, *DATES, *NAMES]
