"""The schema registry and the check of payloads against it."""
