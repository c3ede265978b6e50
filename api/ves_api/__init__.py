"""The request edge: REST API and command line in front of the engine.

Handlers authenticate, decode, make one database call and encode. The functions of schema `ves` decide on acceptance,
sequencing and proofs.
"""

from __future__ import annotations

from ves_edge import __version__

__all__ = ["SERVICE_NAME", "__version__"]

SERVICE_NAME = "stateset-sequencer"
