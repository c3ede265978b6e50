"""Counts uses of keys and retires keys that are due."""
