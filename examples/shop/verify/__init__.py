"""The independent verifier. `independent.py` is one file without imports of ours: copy it out and run it alone."""
