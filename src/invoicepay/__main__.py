"""`python -m invoicepay`"""

from invoicepay.cli.start import main

if __name__ == "__main__":
    main()
