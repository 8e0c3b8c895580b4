"""Delivers the outbox: SMTP, or a folder of .eml files."""
