"""Encryption groups: whom payloads are sealed to."""
