"""Projections: current state of entities, made from the log."""
