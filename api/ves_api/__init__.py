"""The edge for requests: REST (and the command line) in front of the engine.

Handlers authenticate, decode, make one call of the database and encode. What is accepted, refused, numbered or
proved is decided by database functions of schema `ves`.
"""

from __future__ import annotations

__version__ = "0.1.0"
SERVICE_NAME = "stateset-sequencer"
