"""One payment, step by step: claim, submit, conclude, record; and settle for what was left.

A payment is claimed in the ledger before the gateway hears of it, confirmed at most once, and
what it reserves is released only when the gateway can no longer charge it.
"""
