"""Where the program starts. Importing takes a moment, in which somebody may press Ctrl-C."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from invoicepay.cli.main import main as run

        run()
    except KeyboardInterrupt:
        print("invoicepay: interrupted.", file=sys.stderr)
        sys.exit(130)
