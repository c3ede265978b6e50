"""Authentication and authorization of requests. Agent signatures authenticate events, not requests."""
