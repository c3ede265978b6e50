"""Anchoring in the Bitcoin chain through OpenTimestamps calendars."""
