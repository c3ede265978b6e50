"""Stores receipts that the API returned but did not store (VES 11)."""
