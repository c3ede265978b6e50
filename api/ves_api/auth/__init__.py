"""Who is calling and what the caller may do. Agent signatures are not a login: they authenticate events."""
