"""The ledger as a whole: health, repair, backup and restore, the journal."""
