"""invoicepay: a customer billing portal in a terminal."""
