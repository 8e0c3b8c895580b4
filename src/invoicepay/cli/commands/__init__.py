"""A command a file: parse, one call, show."""
