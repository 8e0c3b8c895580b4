"""Files into records: reading, mapping, validating and loading, all or nothing."""
