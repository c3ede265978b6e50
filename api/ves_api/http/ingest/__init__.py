"""Appending VES events."""
