"""A Stripe to practise on.

A loopback server that speaks Stripe's wire protocol for one API version and keeps what it knows
in one SQLite file. Several processes may each run a server on the same file. Nothing of
invoicepay outside this package is imported here, and nothing outside the standard library.
"""
