"""What a person types: parse → app.call(request) → render."""
