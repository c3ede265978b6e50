"""The sequencer's contracts for Python: their artifacts, and how they are built and deployed."""
