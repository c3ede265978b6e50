"""VES inclusion proofs."""
