"""Receipts that the edge answered with but could not store (VES 11)."""
