"""Hostile input, made by hypothesis: a refusal is always a registered one."""
