"""The sample company at work, for `invoicepay demo`."""
