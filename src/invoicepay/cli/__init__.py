"""The command line: parse, `app.call(request)`, show."""

import gc

# Starting makes few objects that become garbage; collecting after every 700 takes 6 ms.
gc.set_threshold(50_000)
