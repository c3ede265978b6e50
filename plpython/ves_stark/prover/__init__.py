"""The prover, the only part of the library that needs NumPy."""
