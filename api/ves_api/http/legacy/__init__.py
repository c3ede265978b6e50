"""The legacy stream."""
