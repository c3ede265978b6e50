"""The demonstration: purchases of a real shop as signed events, proven by a verifier that shares nothing with us."""
