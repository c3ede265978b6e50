"""The `ves` command: operators' and agents' commands in one program."""
