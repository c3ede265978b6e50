"""The demo: purchases of a real shop as signed events, checked by a verifier that shares no code with the sequencer."""
