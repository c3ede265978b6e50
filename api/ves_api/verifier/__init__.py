"""Proof verification in child processes, so that it does not block the event loop."""
