"""Retrying dead letters."""
