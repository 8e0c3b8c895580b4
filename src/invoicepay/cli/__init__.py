"""What a person types: parse → app.call(request) → render."""

import gc

# Starting makes objects, not garbage; looking for it 700 objects at a time takes 6 ms.
gc.set_threshold(50_000)
