"""Commitments over what has been sequenced (VES 10)."""
