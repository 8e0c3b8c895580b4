"""How a noun is shown: its record in JSON and CSV, its columns, its screen."""
