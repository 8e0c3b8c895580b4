"""How money moves: the only importer of stripe."""
