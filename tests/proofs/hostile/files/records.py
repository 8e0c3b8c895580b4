"""Records that are well written and cannot be true of this ledger."""

from __future__ import annotations

from tests.proofs.hostile.files.bad import INVOICES, LINES, PAYMENTS, Bad, invoice, payment

KINDS = "number,customer,issued_on,currency,total,kind,voided_on,paid_on\n"
MOST = "92233720368547758.07"
"""2^63 - 1 cents."""


def _lines(name: str, rows: str, line: int, says: str, **more: object) -> Bad:
    return Bad(name, "invoices", LINES + rows, line, says, **more)  # type: ignore[arg-type]


def _kind(name: str, row: str, says: str, **more: object) -> Bad:
    return invoice(name, row, says, head=KINDS, **more)


def _payments(name: str, rows: str, line: int, says: str, **more: object) -> Bad:
    return Bad(name, "payments", PAYMENTS + rows, line, says, **more)  # type: ignore[arg-type]


OWNERS = [
    invoice(
        "an unknown customer", "A,C9,2026-10-01,,USD,5,", "customer: there is no customer 'C9'"
    ),
    invoice("no customer", "A,,2026-10-01,,USD,5,", "customer: it is empty"),
    invoice("a customer in small letters", "A,c1,2026-10-01,,USD,5,", "there is no customer 'c1'"),
    invoice("a customer and a zero", "A,C01,2026-10-01,,USD,5,", "there is no customer 'C01'"),
    payment("an unknown payer", "9,C9,2026-10-09,check,USD,5,,,", "there is no customer 'C9'"),
    payment("the invoice of another", "9,C1,2026-10-09,check,EUR,5,,HERS,", "no invoice 'HERS'"),
    payment("an invoice that is not", "9,C1,2026-10-09,check,USD,5,,NONE,", "no invoice 'NONE'"),
    payment(
        "an invoice in small letters", "9,C1,2026-10-09,check,USD,5,,open,", "no invoice 'open'"
    ),
]

SAME_AGAIN = [
    Bad("a number twice", "invoices", INVOICES + "A,C1,2026-10-01,,USD,5,\n" * 2, 3, "A is a duplicate in this file"),
    Bad("a number twice, another total", "invoices", INVOICES + "A,C1,2026-10-01,,USD,5,\nB,C1,2026-10-01,,USD,5,\nA,C1,2026-10-01,,USD,6,\n", 4, "A is a duplicate in this file"),
    Bad("a number twice, far apart", "invoices", INVOICES + "".join(f"N{n % 2_500},C1,2026-10-01,,USD,5,\n" for n in range(2_501)), 2_502, "N0 is a duplicate in this file"),
    Bad("a customer twice", "customers", "number,name\nK,a\nK,b\n", 3, "K is a duplicate in this file"),
    Bad("a contact twice", "contacts", "email,name,customers\nk@a.example,a,C1\nK@A.example,b,C1\n", 3, "k@a.example is a duplicate"),
    _payments("a cheque twice", "9,C1,2026-10-09,check,USD,5,,,\n8,C1,2026-10-09,check,USD,5,,,\n9,C1,2026-10-09,check,USD,6,,,\n", 4, "9 is a duplicate in this file"),
    _payments("a cheque twice in a row", "9,C1,2026-10-09,check,USD,5,,,\n9,C1,2026-10-09,check,USD,5,,,\n", 2, "applied: it is empty"),
    _lines("a number twice without lines", "A,C1,2026-10-01,,5,,,,\nA,C1,2026-10-01,,5,,,,\n", 2, "the number is that of the row before", others=(3,)),
]  # fmt: skip

KNOWN = [
    invoice("another total", "OPEN,C1,2026-10-01,,USD,99.00,", "total: invoice OPEN is in the ledger with another total, 100.00 USD", code="changed_record"),
    invoice("another currency", "OPEN,C1,2026-10-01,,EUR,100.00,", "another total, 100.00 USD", code="changed_record"),
    invoice("another memo", "OPEN,C1,2026-10-01,,USD,100.00,x", "invoice OPEN is in the ledger with another content", code="changed_record"),
    Bad("another customer's name", "customers", "number,name\nC1,Other\n", 2, "customer C1 is in the ledger with another name", "changed_record"),
    Bad("another contact's name", "contacts", "email,name,customers\nann@example.com,Anna,C1\n", 2, "ann@example.com is in the ledger with another name", "changed_record"),
    payment("a cheque with another amount", "4410,C1,2026-10-10,check,USD,41.00,,HALF,40.00", "payment 4410 is in the ledger with other content; payments never change"),
    payment("a cheque on another day", "4410,C1,2026-10-11,check,USD,40.00,,HALF,40.00", "payments never change", update=True),
    payment("a cheque for another invoice", "4410,C1,2026-10-10,check,USD,40.00,,OPEN,40.00", "payments never change", update=True),
    Bad("good news and bad", "invoices", INVOICES + "NEW,C1,2026-10-01,,USD,5,\nOPEN,C1,2026-10-01,,USD,99.00,\nBAD,C1,2026-10-01,,USD,x,\n", 3, "2 bad lines; first: line 3, total: invoice OPEN is", others=(4,)),
]  # fmt: skip

UPDATES = [
    _kind("less than is paid", "HALF,C1,2026-10-01,USD,39.99,,,", "HALF cannot be less than 40.00 USD", update=True),
    _kind("less than is under way", "HELD,C1,2026-10-01,USD,59.99,,,", "a payment for it is under way", update=True),
    _kind("void what is paid", "PAID,C1,2026-10-01,USD,50.00,,2026-10-07,", "voided_on: PAID cannot be void", update=True),
    _kind("void what is under way", "HELD,C1,2026-10-01,USD,100.00,,2026-10-07,", "HELD cannot be void", update=True),
    _kind("another customer for what is paid", "HALF,C2,2026-10-01,USD,100.00,,,", "customer: it cannot change on HALF", update=True),
    _kind("another currency for what is paid", "HALF,C1,2026-10-01,EUR,100.00,,,", "currency: it cannot change on HALF", update=True),
    _kind("a credit memo out of what is paid", "HALF,C1,2026-10-01,USD,-100.00,credit_memo,,", "kind: it cannot change on HALF", update=True),
    _kind("paid elsewhere while under way", "HELD,C1,2026-10-01,USD,100.00,,,2026-10-20", "a payment for HELD is under way", update=True),
    _kind("paid on another day", "PAID,C1,2026-10-01,USD,50.00,,,2026-10-06", "PAID is in the ledger as paid on another day", update=True),
    _kind("paid before, and more is open", "PAID,C1,2026-10-01,USD,60.00,,,2026-10-05", "PAID was paid, and 10.00 USD of it is open again", update=True),
    _kind("paid, and the file may not change it", "OPEN,C1,2026-10-01,USD,100.00,,,2026-10-05", "invoice OPEN is in the ledger as not paid", code="changed_record"),
]  # fmt: skip

KINDS_AND_SIGNS = [
    _kind("a negative invoice", "A,C1,2026-10-01,USD,-5.00,,,", "it is negative: a credit memo says so"),
    _kind("a positive credit memo", "A,C1,2026-10-01,USD,5.00,credit_memo,,", "a credit memo's total is negative, or zero"),
    _kind("an unknown kind", "A,C1,2026-10-01,USD,5.00,receipt,,", "kind: 'receipt' is not one of"),
    _kind("a paid credit memo", "A,C1,2026-10-01,USD,-5.00,credit_memo,,2026-10-02", "a credit memo is not paid"),
    _kind("void and paid", "A,C1,2026-10-01,USD,5.00,,2026-10-02,2026-10-02", "a void invoice is not paid"),
    _kind("paid tomorrow", "A,C1,2026-10-01,USD,5.00,,,2026-11-02", "paid_on: it is in the future"),
    _kind("void tomorrow", "A,C1,2026-10-01,USD,5.00,,2026-11-02,", "voided_on: it is in the future"),
    _kind("void before it was issued", "A,C1,2026-10-01,USD,5.00,,2026-09-30,", "voided_on: it is before issued_on"),
]  # fmt: skip

SUMS = [
    _lines("lines below the total", "A,C1,2026-10-01,USD,10.00,,x,9.99,\n", 2, "it says 10.00 USD, the lines sum to 9.99 USD"),
    _lines("lines above the total by tax", "A,C1,2026-10-01,USD,10.00,,x,10.00,0.01\n", 2, "the lines sum to 10.01 USD"),
    _lines("another tax than the lines'", "A,C1,2026-10-01,USD,10.00,1.00,x,9.00,0.99\n", 2, "the lines sum to 9.99 USD"),
    _lines("a tax that the lines lack", "A,C1,2026-10-01,USD,10.00,1.00,x,10.00,\n", 2, "tax: it says 1.00 USD, the lines' 0.00 USD"),
    _lines("a tax above the total", "A,C1,2026-10-01,USD,1.00,1.01,,,\n", 2, "tax: it is not a part of the total"),
    _lines("a line without amount", "A,C1,2026-10-01,USD,5.00,,x,,\n", 2, "line_amount: it is empty"),
    _lines("neither lines nor total", "A,C1,2026-10-01,USD,,,,,\n", 2, "it is empty, and there are no lines to sum"),
    _lines("two currencies in one invoice", "A,C1,2026-10-01,USD,,,x,5,\nA,C1,2026-10-01,EUR,,,y,5,\n", 3, "currency: it differs from line 2"),
    _lines("two customers of one invoice", "A,C1,2026-10-01,USD,,,x,5,\nA,C2,2026-10-01,USD,,,y,5,\n", 3, "customer: it differs from line 2"),
    _lines("cents of yen in a later line", "A,C1,2026-10-01,JPY,,,x,500,\nA,,,,,,y,5.50,\n", 3, "line_amount: 5.50 has more decimals than JPY (0)"),
    _lines("lines beyond 64 bits", f"A,C1,2026-10-01,USD,,,x,{MOST},\nA,,,,,,y,0.01,\n", 2, "the amount does not fit 64 bits"),
    _lines("lines that overflow half way", f"A,C1,2026-10-01,USD,,,x,{MOST},\nA,,,,,,y,{MOST},\nA,,,,,,z,-{MOST},\n", 2, "the amount does not fit 64 bits"),
    _lines("a line whose tax overflows", f"A,C1,2026-10-01,USD,,,x,{MOST},0.01\nA,,,,,,y,-0.01,\n", 2, "the amount does not fit 64 bits"),
    Bad("two invoices beyond 64 bits", "invoices", INVOICES + f"A,C1,2026-10-01,,USD,{MOST},\nB,C1,2026-10-01,,USD,0.01,\n", 2, "the amounts in the ledger would not sum to 64 bits"),
    Bad("credit memos beyond 64 bits", "invoices", KINDS + f"A,C1,2026-10-01,USD,-{MOST},credit_memo,,\nB,C1,2026-10-01,USD,-{MOST},credit_memo,,\n", 2, "would not sum to 64 bits"),
    invoice("with those in the ledger beyond 64 bits", f"A,C1,2026-10-01,,USD,{MOST},", "would not sum to 64 bits"),
    invoice("an update beyond 64 bits", f"OPEN,C1,2026-10-01,,USD,{MOST},", "would not sum to 64 bits", update=True),
    _payments("payments beyond 64 bits", f"8,C1,2026-10-09,check,USD,{MOST},,,\n9,C1,2026-10-09,check,USD,{MOST},,,\n", 2, "would not sum to 64 bits"),
]  # fmt: skip

APPLIED = [
    payment("more than is open", "9,C1,2026-10-09,check,USD,100.01,,OPEN,", "applied: 100.00 USD is payable on OPEN, not 100.01 USD"),
    payment("more than is left", "9,C1,2026-10-09,check,USD,60.01,,HALF,", "60.00 USD is payable on HALF"),
    payment("what another has under way", "9,C1,2026-10-09,check,USD,40.01,,HELD,", "40.00 USD is payable on HELD, not 40.01 USD: a payment for it is under way"),
    payment("what is paid", "9,C1,2026-10-09,check,USD,0.01,,PAID,", "0.00 USD is payable on PAID"),
    payment("what is void", "9,C1,2026-10-09,check,USD,5,,VOID,", "invoice: VOID is void"),
    payment("a credit memo", "9,C1,2026-10-09,check,USD,5,,MEMO,", "invoice: MEMO is a credit memo"),
    payment("dollars for euros", "9,C1,2026-10-09,check,USD,5,,EURO,", "invoice: EURO is in EUR, the payment in USD"),
    payment("more applied than paid", "9,C1,2026-10-09,check,USD,5,,OPEN,6", "more is applied than the payment's amount"),
    payment("nothing applied", "9,C1,2026-10-09,check,USD,5,,OPEN,0", "applied: it is not more than zero"),
    payment("something taken back", "9,C1,2026-10-09,check,USD,5,,OPEN,-1", "applied: it is not more than zero"),
    payment("applied to nothing", "9,C1,2026-10-09,check,USD,5,,,5", "invoice: it is empty"),
    payment("part of a yen", "9,C3,2026-10-09,check,JPY,5.5,,,", "5.5 has more decimals than JPY (0)"),
    _payments("over two invoices, too much", "9,C1,2026-10-09,check,USD,90,,OPEN,50\n9,C1,,,,,,HALF,50\n", 2, "more is applied than the payment's amount"),
    _payments("over two invoices, one void", "9,C1,2026-10-09,check,USD,90,,OPEN,50\n9,C1,,,,,,VOID,5\n", 3, "invoice: VOID is void"),
    _payments("over two currencies", "9,C1,2026-10-09,check,USD,90,,OPEN,50\n9,C1,,,,,,EURO,40\n", 3, "EURO is in EUR"),
    _payments("over two customers", "9,C1,2026-10-09,check,EUR,90,,EURO,50\n9,C1,,,,,,HERS,40\n", 3, "the customer has no invoice 'HERS'"),
    _payments("one invoice twice", "9,C1,2026-10-09,check,USD,90,,OPEN,50\n9,C1,,,,,,OPEN,40\n", 3, "OPEN is a duplicate in this payment"),
    _payments("one balance spent twice", "8,C1,2026-10-09,check,USD,60,,OPEN,60\n9,C1,2026-10-09,check,USD,60,,OPEN,60\n", 3, "40.00 USD is payable on OPEN, not 60.00 USD"),
    _payments("two amounts for one cheque", "9,C1,2026-10-09,check,USD,90,,OPEN,50\n9,C1,,,,91,,HALF,40\n", 3, "amount: it differs from line 2"),
    _payments("allocations beyond 64 bits", f"9,C1,2026-10-09,check,USD,{MOST},,OPEN,{MOST}\n9,C1,,,,,,HALF,{MOST}\n", 2, "more is applied than the payment's amount"),
]  # fmt: skip

CASES = [*OWNERS, *SAME_AGAIN, *KNOWN, *UPDATES, *KINDS_AND_SIGNS, *SUMS, *APPLIED]
