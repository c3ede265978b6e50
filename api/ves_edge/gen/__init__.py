"""Generated modules; see `ves_edge.generate`."""
