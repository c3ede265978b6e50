"""Batches payment intents that are due, and expires those whose time has passed."""
