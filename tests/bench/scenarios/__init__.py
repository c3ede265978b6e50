"""One module a scenario; each has `run(bench) -> list[Figure]`."""
