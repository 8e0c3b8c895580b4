"""What a bill is: standard library only, no I/O."""
