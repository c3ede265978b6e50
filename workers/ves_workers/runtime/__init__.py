"""What every worker shares, written once: settings, log, database, backoff, the loop and its stop signal."""
