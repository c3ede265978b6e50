"""VES commitments."""
