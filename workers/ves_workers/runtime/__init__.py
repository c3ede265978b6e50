"""Runtime shared by the workers: settings, log, database, backoff, the loop and its stop signal."""
