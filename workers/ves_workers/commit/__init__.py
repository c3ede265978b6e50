"""Commitments over sequenced events (VES 10)."""
