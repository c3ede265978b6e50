"""The commands of the original's admin program (operations 12): as `ves …` and as `stateset-sequencer-admin …`."""
