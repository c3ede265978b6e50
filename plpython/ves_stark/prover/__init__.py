"""The prover. Needs NumPy, the rest of the library does not."""
