"""The `ves` command: what a person or a script does with a sequencer from a shell."""
