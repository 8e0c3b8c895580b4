"""Where it is written: one SQLite file a ledger."""
