"""The SQL, a store a file. Every read of a customer's things takes a Scope."""
