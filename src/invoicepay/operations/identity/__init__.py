"""Who somebody is: logins, passwords, tokens, contacts and invites."""
