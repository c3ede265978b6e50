"""Agents: signing keys and API keys."""
