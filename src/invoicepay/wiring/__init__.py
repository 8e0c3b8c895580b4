"""Settings become ports, and ports an App: the only place where an adapter is chosen."""
