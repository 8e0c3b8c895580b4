"""Makes the sample company's files, the same ones every time: `python sample_data/generate.py`.

All names are invented. Dates are written relative to the day of use (`today-35`), so that
the company never grows old; `invoicepay.demo.sample` turns them into dates.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent / "company"
FIRST_NUMBER, INVOICES = 770, 300
DEMO_CUSTOMER = "C-1007"
"""Whom the demo's contact acts for."""

# Name, address lines, currency, days to pay, billing address's domain.
_NAMED = [
    ("Harbor Finch Coffee Roasters", ("12 Lantern Wharf", "Port Ansel, OR 97099"), "USD", 30),
    ("Кафе «Белая сова»", ("ул. Садовая, 14", "Новый Лиман"), "EUR", 30),
    ("Αδελφοί Θαλασσινού Α.Ε.", ("Οδός Λιμένος 7", "Νέα Αμμουδιά"), "EUR", 30),
    ("Süßholz & Söhne GmbH", ("Mühlgasse 3", "99999 Kleinaubach"), "EUR", 14),
    ("Óskar Þór Fiskveiðar ehf.", ("Hafnarbraut 2", "999 Norðurvík"), "EUR", 45),
]
_FIRST = (
    "Alder Basalt Copper Delta Ember Fjord Granite Hollow Iron Juniper Kestrel Larkspur Mesa "
    "Nettle Osprey Pine Quarry Raven Saddle Thistle Umber Vesper Willow Yarrow Zephyr".split()
)
_SECOND = "Bay Creek Field Gate Hill Mill Point Ridge Vale Works".split()
_TRADE = (
    "Bottling Co.|Dental Group|Farm Supply|Fitness Clubs|Freight Lines|Hospitality Group|"
    "Property Partners|School District|Veterinary Clinic|Brewing Company|Machine Shop|"
    "Community Hospital|Marina & Boatyard|Landscape Design"
).split("|")
_STREETS = "Chandler Row|Mason Street|Orchard Lane|Signal Hill Road|Tannery Street".split("|")
_TOWNS = "Port Ansel, OR 97099|Wexcombe, WA 98999|Dry Fork, ID 83999|Marrow Bay, CA 95999".split(
    "|"
)
_EURO_TOWNS = "1099 Oudehaven|75999 Saint-Aubrac|28999 Villaseca del Pino".split("|")

# Description, unit price in cents, whether sales tax is due on it.
_GOODS = [
    ("Stainless hose coupling, 1½ in.", 3750, True),
    ("Inline check valve, brass", 9475, True),
    ("Peristaltic metering pump, 12 l/h", 41800, True),
    ("Nitrile gasket set (24 pieces)", 2290, True),
    ("Food-grade tubing, per metre", 615, True),
    ("Pressure gauge 0–10 bar, glycerine filled", 4420, True),
    ("Filter cartridge, 5 µm, carton of 6", 7680, True),
    ("Quarterly maintenance visit", 28500, False),
    ("On-site fitting, per hour", 9500, False),
    ("Calibration with certificate", 16250, False),
    ("Freight and handling", 3890, False),
    (
        "Replacement of the circulation pump in the lower plant room, including draining and "
        "refilling the loop, disposal of the old unit, adjustment of the flow rate to the values "
        "agreed on the walk-through, a second visit after two weeks to check for leaks, and a "
        "written report with photographs for the building's maintenance file",
        124900,
        False,
    ),
]


@dataclass
class Customer:
    number: str
    name: str
    email: str
    address: tuple[str, ...]
    currency: str
    terms_days: int


@dataclass
class Line:
    """Amounts in cents."""

    description: str
    quantity: int
    unit_price: int
    tax: int = 0
    tax_rate: str = ""

    @property
    def amount(self) -> int:
        return self.quantity * self.unit_price


@dataclass
class Invoice:
    """`issued` and `due` are days relative to today; amounts in cents."""

    number: str
    customer: Customer
    issued: int
    due: int
    lines: list[Line]
    kind: str = "invoice"
    po_number: str = ""
    order_number: str = ""
    memo: str = ""
    disputed: bool = False
    voided: int | None = None
    paid: int = 0

    @property
    def total(self) -> int:
        return sum(line.amount + line.tax for line in self.lines)

    @property
    def open(self) -> int:
        return 0 if self.voided is not None or self.total < 0 else self.total - self.paid


@dataclass
class Payment:
    reference: str
    customer: Customer
    received: int
    method: str
    amount: int
    memo: str = ""
    applied: list[tuple[Invoice, int]] = field(default_factory=list)


def customers(chance: random.Random) -> list[Customer]:
    made: list[Customer] = []
    places = {7: 0, 12: 1, 18: 2, 23: 3, 31: 4}
    used: set[str] = set()
    for count in range(1, 41):
        number = f"C-{1000 + count}"
        if count in places:
            name, address, currency, terms = _NAMED[places[count]]
            domain = "harborfinch" if count == 7 else f"customer-{1000 + count}"
        else:
            currency = "EUR" if count % 6 == 0 else "USD"
            first = chance.choice([f for f in _FIRST if f not in used] or _FIRST)
            used.add(first)
            name = f"{first} {chance.choice(_SECOND)} {chance.choice(_TRADE)}"
            street = f"{chance.randrange(2, 980)} {chance.choice(_STREETS)}"
            town = chance.choice(_TOWNS if currency == "USD" else _EURO_TOWNS)
            address, terms = (street, town), chance.choice((14, 30, 30, 30, 45))
            domain = name.split(" ", 2)[0].lower() + name.split(" ", 2)[1].lower()
        email = f"billing@{domain}.example"
        made.append(Customer(number, name, email, address, currency, terms))
    return made


def lines(chance: random.Random, customer: Customer) -> list[Line]:
    rate = 825 if customer.currency == "USD" else 0
    made = []
    for description, price, taxed in chance.sample(_GOODS, chance.choice((1, 2, 2, 3, 3, 4, 6))):
        several = price < 20000 and not description.startswith("Freight")
        line = Line(description, chance.randrange(1, 9) if several else 1, price)
        if taxed and rate:
            line.tax = (line.amount * rate + 5000) // 10000
            line.tax_rate = "8.25%"
        made.append(line)
    return made


def demo_lines() -> list[Line]:
    """Of INV-1042: 1,842.50 USD."""
    return [
        Line("Stainless hose coupling, 1½ in.", 16, 3750, 4950, "8.25%"),
        Line("Roaster cooling-tray sensor with cable", 4, 10000, 3300, "8.25%"),
        Line("On-site fitting, per hour", 8, 9500),
    ]


def invoices(chance: random.Random, owners: list[Customer]) -> list[Invoice]:
    by_number = {owner.number: owner for owner in owners}
    demo = by_number[DEMO_CUSTOMER]
    # The newest of the demo's customer, so that something is open whatever chance says.
    demo_places = {1028, 1035, 1042, 1047, 1051, 1056, 1060, 1063, 1067}
    days = sorted(-chance.randrange(3, 400) for _ in range(INVOICES))
    made = []
    for place, issued in enumerate(days):
        count = FIRST_NUMBER + place
        owner = demo if count in demo_places else chance.choice(owners)
        one = Invoice(
            f"INV-{count:04d}", owner, issued, issued + owner.terms_days, lines(chance, owner)
        )
        if chance.random() < 0.6:
            one.po_number = f"PO-{chance.randrange(10000, 99999)}"
        if chance.random() < 0.4:
            one.order_number = f"SO-{chance.randrange(2000, 2999)}"
        if chance.random() < 0.15:
            one.memo = chance.choice(
                (
                    "Deliver to the loading dock, weekdays before noon.",
                    "Second of three instalments under the 2-year service agreement.",
                    "Thank you for your order!",
                    "Quote Q-311; prices as agreed in the spring.",
                )
            )
        made.append(one)
    special = {one.number: one for one in made}
    first = special["INV-1042"]
    first.lines, first.po_number = demo_lines(), "PO-88123"
    first.order_number, first.memo = "SO-2417", "Roastery extension, second delivery"
    for one in (special["INV-1051"], *chance.sample(made[150:250], 3)):
        one.disputed = True
    special["INV-1051"].memo = "Two gaskets arrived damaged; replacement agreed."
    return made


def credit_memos(chance: random.Random, made: list[Invoice]) -> list[Invoice]:
    """Two credits, for goods that came back."""
    usual = [one for one in made if one.customer.number != DEMO_CUSTOMER and one.issued < -40]
    found = []
    for count, one in enumerate(chance.sample(usual, 2), 1):
        line = one.lines[0]
        back = Line(f"Returned: {line.description}"[:200], -1, line.unit_price, 0, "")
        found.append(
            Invoice(
                f"CM-{200 + count}",
                one.customer,
                one.issued + 20,
                one.issued + 20,
                [back],
                kind="credit_memo",
                memo=f"Credit for {one.number}",
            )
        )
    return found


def payments(chance: random.Random, made: list[Invoice]) -> list[Payment]:
    """Most of what is older than two months is paid; some in part, some together."""
    found: list[Payment] = []
    for one in made:
        late = chance.choice((-12, -6, -2, 0, 0, 1, 3, 8, 15, 28))
        received = max(one.issued + 2, one.due + late)
        if one.voided is not None or one.disputed or received > -2 or one.number == "INV-1042":
            continue
        if chance.random() < 0.14:
            continue  # overdue
        amount = one.total
        if chance.random() < 0.08:
            amount = one.total * chance.choice((25, 40, 50)) // 100
        last = found[-1] if found else None
        one.paid = amount
        if (
            last is not None
            and last.customer is one.customer
            and last.received >= one.issued
            and len(last.applied) < 4
        ):
            last.amount += amount
            last.applied.append((one, amount))
            continue
        method = (
            "wire" if one.customer.currency == "EUR" else chance.choice(("check", "check", "wire"))
        )
        reference = (
            f"{chance.randrange(1000, 9999)}" if method == "check" else f"W{50000 + len(found)}"
        )
        found.append(
            Payment(reference, one.customer, received, method, amount, "", [(one, amount)])
        )
    found.sort(key=lambda payment: payment.received)
    # An overpayment, and money that names no invoice.
    over = next(payment for payment in found if payment.customer.number == "C-1003")
    over.amount += 12500
    over.memo = "Overpaid; the rest is to be kept as credit"
    other = next(payment for payment in found if payment.customer.currency == "EUR")
    found.append(Payment("W59001", other.customer, -9, "wire", 40000, "Paid on account"))
    return found


def demo_state(made: list[Invoice], found: list[Payment]) -> None:
    """One of the demo customer's invoices is paid in part, by a cheque."""
    partial = next(
        one
        for one in made
        if one.customer.number == DEMO_CUSTOMER
        and one.open == one.total
        and not one.disputed
        and one.number > "INV-1042"
    )
    amount = partial.total * 30 // 100
    partial.paid = amount
    found.append(
        Payment("4410", partial.customer, -3, "check", amount, "First part", [(partial, amount)])
    )


def cents(amount: int) -> str:
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def day(offset: int) -> str:
    return f"today{offset:+d}"


def write(path: Path, header: str, rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


INVOICE_COLUMNS = (
    "number,customer,issued_on,due_on,currency,total,kind,po_number,order_number,memo,disputed,"
    "voided_on,line_description,line_quantity,line_unit_price,line_amount,line_tax,line_tax_rate"
)


def invoice_rows(made: Iterable[Invoice]) -> Iterable[list[object]]:
    for one in made:
        for line in one.lines:
            yield [
                one.number,
                one.customer.number,
                day(one.issued),
                day(one.due),
                one.customer.currency,
                cents(one.total),
                one.kind,
                one.po_number,
                one.order_number,
                one.memo,
                "yes" if one.disputed else "no",
                "" if one.voided is None else day(one.voided),
                line.description,
                line.quantity,
                cents(line.unit_price),
                cents(line.amount),
                cents(line.tax) if line.tax_rate else "",
                line.tax_rate,
            ]


PAYMENT_COLUMNS = "reference,customer,received_on,method_type,currency,amount,memo,invoice,applied"


def payment_rows(found: Iterable[Payment]) -> Iterable[list[object]]:
    for one in found:
        head = [
            one.reference,
            one.customer.number,
            day(one.received),
            one.method,
            one.customer.currency,
            cents(one.amount),
            one.memo,
        ]
        if not one.applied:
            yield [*head, "", ""]
        for invoice, amount in one.applied:
            yield [*head, invoice.number, cents(amount)]


def main(folder: Path = HERE) -> None:
    """Write customers.csv, invoices.csv and payments.csv into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(1042)
    owners = customers(chance)
    made = invoices(chance, owners)
    made[40].voided = made[40].issued + 1
    made[40].memo = "Entered twice"
    found = payments(chance, made)
    demo_state(made, found)
    made += credit_memos(chance, made)
    write(
        folder / "customers.csv",
        "number,name,email,address,currency,terms_days",
        (
            [c.number, c.name, c.email, "\n".join(c.address), c.currency, c.terms_days]
            for c in owners
        ),
    )
    write(folder / "invoices.csv", INVOICE_COLUMNS, invoice_rows(made))
    write(folder / "payments.csv", PAYMENT_COLUMNS, payment_rows(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
