"""What the API, the workers and the operators' commands share: settings, log, connections, errors, database calls."""
