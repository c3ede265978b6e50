"""Options of a proof and the three presets (STARK 8)."""

from __future__ import annotations

from dataclasses import astuple, dataclass

REMAINDER_MAX_DEGREE = 15


@dataclass(frozen=True, slots=True)
class Options:
    """Proof parameters shared by prover and verifier, in wire order."""

    queries: int
    blowup: int
    grinding_bits: int
    extension: int
    folding: int
    remainder_max_degree: int = REMAINDER_MAX_DEGREE
    partitions: int = 1
    hash_rate: int = 1

    def to_bytes(self) -> bytes:
        """The eight option bytes of a proof."""
        return bytes(astuple(self))


DEFAULT = Options(18, 16, 8, 1, 16)
SECURE = Options(40, 16, 20, 2, 8)
FAST = Options(20, 16, 8, 1, 8)

PRESETS = {"default": DEFAULT, "secure": SECURE, "fast": FAST}
# The original's verifier accepts these; `fast` only when the caller asks for it.
ACCEPTED = frozenset({DEFAULT, SECURE})
BY_BYTES = {options.to_bytes(): options for options in PRESETS.values()}
