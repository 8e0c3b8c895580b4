"""E-mail about payments and invites: wording, the outbox and its delivery."""
