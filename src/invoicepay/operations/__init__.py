"""What can be done: a request and its verb, `verb(request, actor, ports) → result`; those of one
noun are in one file."""
