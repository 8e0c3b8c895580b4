"""Sessions and API secrets: OS keyring, environment, secret file."""
