"""Paying: quote, pay, cancel, find, receipts and sync."""
