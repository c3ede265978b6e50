"""Version identifiers of proofs, bundles and the command line."""

from __future__ import annotations

VERSION = "0.1.0"
PROOF_TYPE = "stark"
PROOF_VERSION = 2
