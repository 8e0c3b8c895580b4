"""What can be done: one verb a file, `verb(request, actor, ports) → result`."""
