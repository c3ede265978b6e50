"""Common code of API, workers and operators' commands: settings, log, connections, errors, database calls."""
