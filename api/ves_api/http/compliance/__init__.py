"""Compliance proofs of events."""
