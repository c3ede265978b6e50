"""The request edge: REST API and command line in front of the engine.

Handlers authenticate, decode, make one database call and encode. The functions of schema `ves` decide on acceptance,
sequencing and proofs.
"""

from __future__ import annotations

__version__ = "0.1.0"
SERVICE_NAME = "stateset-sequencer"
