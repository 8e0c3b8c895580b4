"""The tables that a ledger starts with; what came later is in migrations."""

from typing import Final

APPLICATION_ID: Final = 0x494E5650
"""`INVP`: says in the file's header whose file it is."""
SCHEMA_VERSION: Final = 10
"""Number of the newest migration; kept in user_version, so that opening needs no sqlite_utils."""

# Conventions: `…_minor` are minor units, `…_day` days since 1970-01-01 in the company's zone,
# `…_at` UTC instants as ISO 8601 text with microseconds (they sort as text).
# The checks repeat the money rules on purpose: what the code gets wrong, the file refuses.
LEDGER = """
CREATE TABLE ledger (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('sandbox', 'live')),
    gateway_account TEXT NOT NULL DEFAULT '',
    reconciled_until TEXT,
    created_at TEXT NOT NULL
) STRICT;;
CREATE TRIGGER ledger_is_for_good BEFORE UPDATE ON ledger
WHEN new.id <> old.id OR new.mode <> old.mode
  OR (old.gateway_account <> '' AND new.gateway_account <> old.gateway_account)
BEGIN SELECT RAISE(ABORT, 'a ledger keeps its id, mode and gateway account'); END;;

CREATE TABLE company (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    website TEXT NOT NULL,
    tax_id TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    terms TEXT NOT NULL,
    remit_to TEXT NOT NULL,
    logo BLOB NOT NULL
) STRICT;;

CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE CHECK (number <> ''),
    name TEXT NOT NULL,
    email TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    currency TEXT NOT NULL DEFAULT '',
    terms_days INTEGER NOT NULL DEFAULT 30,
    gateway_id TEXT NOT NULL DEFAULT ''
) STRICT;;
CREATE UNIQUE INDEX customers_by_gateway_id ON customers (gateway_id) WHERE gateway_id <> '';;

CREATE TABLE contacts (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE CHECK (email = lower(email)),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('customer', 'finance', 'admin')),
    status TEXT NOT NULL CHECK (status IN ('invited', 'active', 'disabled')),
    password_hash TEXT NOT NULL DEFAULT ''
) STRICT;;
CREATE TABLE contact_customers (
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    PRIMARY KEY (contact_id, customer_id)
) STRICT, WITHOUT ROWID;;
CREATE TABLE invites (
    code_hash TEXT PRIMARY KEY,
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;;
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('session', 'token')),
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    secret_hash TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    idle_seconds INTEGER NOT NULL,
    last_used_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;;
CREATE INDEX sessions_of_contact ON sessions (contact_id);;
CREATE TABLE login_failures (
    email TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;;
CREATE INDEX login_failures_by_email ON login_failures (email, at);;

CREATE TABLE invoices (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE CHECK (number <> ''),
    kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_memo')),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    issued_day INTEGER NOT NULL,
    due_day INTEGER NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    total_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL DEFAULT 0,
    paid_minor INTEGER NOT NULL DEFAULT 0,
    reserved_minor INTEGER NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
    po_number TEXT NOT NULL DEFAULT '',
    order_number TEXT NOT NULL DEFAULT '',
    memo TEXT NOT NULL DEFAULT '',
    disputed INTEGER NOT NULL DEFAULT 0 CHECK (disputed IN (0, 1)),
    paid_day INTEGER,
    voided_day INTEGER,
    content_digest TEXT NOT NULL DEFAULT '',
    open_minor INTEGER NOT NULL GENERATED ALWAYS AS
        (CASE WHEN voided_day IS NULL THEN total_minor - paid_minor ELSE 0 END) STORED,
    CHECK (CASE kind WHEN 'invoice' THEN paid_minor BETWEEN 0 AND total_minor
                     ELSE paid_minor BETWEEN total_minor AND 0 END),
    CHECK (reserved_minor <= abs(open_minor))
) STRICT;;
CREATE INDEX invoices_open_by_customer ON invoices (customer_id, due_day, number)
    WHERE open_minor <> 0;;
CREATE INDEX invoices_open_by_due ON invoices (due_day, number) WHERE open_minor <> 0;;
CREATE INDEX invoices_by_customer ON invoices (customer_id, issued_day, number);;

CREATE TABLE invoice_lines (
    invoice_id INTEGER NOT NULL REFERENCES invoices (id),
    position INTEGER NOT NULL,
    description TEXT NOT NULL,
    quantity TEXT NOT NULL,
    unit_price TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL DEFAULT 0,
    tax_rate TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (invoice_id, position)
) STRICT, WITHOUT ROWID;;

CREATE TABLE methods (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    type TEXT NOT NULL CHECK (type IN ('card', 'ach')),
    label TEXT NOT NULL,
    brand TEXT NOT NULL,
    last4 TEXT NOT NULL CHECK (length(last4) <= 4),
    gateway_id TEXT NOT NULL,
    exp_month INTEGER,
    exp_year INTEGER,
    verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
    removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1)),
    is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
    is_preferred INTEGER NOT NULL DEFAULT 0 CHECK (is_preferred IN (0, 1))
) STRICT;;
CREATE UNIQUE INDEX methods_one_default ON methods (customer_id, type) WHERE is_default = 1;;
CREATE UNIQUE INDEX methods_one_preferred ON methods (customer_id) WHERE is_preferred = 1;;
CREATE INDEX methods_of_customer ON methods (customer_id, seq);;

CREATE TABLE payments (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN
        ('claimed', 'submitted', 'processing', 'unknown', 'succeeded', 'failed', 'canceled')),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    method_type TEXT NOT NULL,
    method_label TEXT NOT NULL,
    method_id TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    initiated_by TEXT NOT NULL,
    livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
    gateway_id TEXT NOT NULL DEFAULT '',
    reference TEXT NOT NULL DEFAULT '',
    lease_until TEXT,
    settled_at TEXT,
    effective_day INTEGER,
    receipt INTEGER UNIQUE CHECK (receipt > 0),
    failure_code TEXT NOT NULL DEFAULT '',
    failure_message TEXT NOT NULL DEFAULT '',
    memo TEXT NOT NULL DEFAULT '',
    order_number TEXT NOT NULL DEFAULT '',
    request_digest TEXT NOT NULL DEFAULT '',
    plan_digest TEXT NOT NULL DEFAULT '',
    CHECK ((status = 'succeeded') = (effective_day IS NOT NULL))
) STRICT;;
CREATE UNIQUE INDEX payments_by_gateway_id ON payments (gateway_id) WHERE gateway_id <> '';;
CREATE INDEX payments_under_way ON payments (seq)
    WHERE status IN ('claimed', 'submitted', 'processing', 'unknown');;
CREATE INDEX payments_of_customer ON payments (customer_id, seq);;
CREATE TRIGGER payments_move_forward BEFORE UPDATE OF status ON payments
WHEN old.status IN ('succeeded', 'failed', 'canceled') AND new.status <> old.status
BEGIN SELECT RAISE(ABORT, 'a payment that is final stays as it is'); END;;
CREATE TRIGGER payments_stay BEFORE DELETE ON payments
BEGIN SELECT RAISE(ABORT, 'payments are never deleted'); END;;
CREATE TRIGGER invoices_stay BEFORE DELETE ON invoices
BEGIN SELECT RAISE(ABORT, 'invoices are never deleted'); END;;
CREATE TRIGGER customers_stay BEFORE DELETE ON customers
BEGIN SELECT RAISE(ABORT, 'customers are never deleted'); END;;
CREATE TRIGGER methods_stay BEFORE DELETE ON methods
BEGIN SELECT RAISE(ABORT, 'payment methods are never deleted'); END;;

CREATE TABLE allocations (
    payment_seq INTEGER NOT NULL REFERENCES payments (seq),
    position INTEGER NOT NULL,
    invoice_id INTEGER NOT NULL REFERENCES invoices (id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (payment_seq, position)
) STRICT, WITHOUT ROWID;;
CREATE INDEX allocations_of_invoice ON allocations (invoice_id, payment_seq);;

CREATE TABLE reversals (
    id INTEGER PRIMARY KEY,
    payment_seq INTEGER NOT NULL REFERENCES payments (seq),
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'return', 'dispute')),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    effective_day INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    gateway_id TEXT NOT NULL UNIQUE
) STRICT;;
CREATE INDEX reversals_of_payment ON reversals (payment_seq);;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    payment_id TEXT NOT NULL REFERENCES payments (id),
    recipient TEXT NOT NULL,
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    sent_at TEXT,
    last_error TEXT NOT NULL DEFAULT ''
) STRICT;;
CREATE INDEX outbox_waiting ON outbox (due_at) WHERE sent_at IS NULL;;

CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    recorded_at TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    actor TEXT NOT NULL,
    data TEXT NOT NULL,
    rows TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;;
CREATE INDEX journal_by_subject ON journal (subject, seq);;
CREATE TRIGGER journal_keeps BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;;
CREATE TRIGGER journal_stays BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
"""
