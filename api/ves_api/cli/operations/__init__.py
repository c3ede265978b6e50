"""The commands of the reference's admin program (operations 12): as `ves …` and as `stateset-sequencer-admin …`."""
