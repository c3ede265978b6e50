"""Validity proofs of commitments."""
