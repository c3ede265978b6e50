"""Sends the transactions of the outbox and follows them until they are final (chain 8)."""
