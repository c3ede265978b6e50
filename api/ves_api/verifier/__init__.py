"""Verification of proofs in processes of their own, so that it never holds up the event loop."""
