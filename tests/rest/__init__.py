"""Schema rest, played as PostgREST plays it."""
