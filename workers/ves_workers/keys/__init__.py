"""Counts key uses and retires keys that are due."""
