"""The public coin: derives challenges from the transcript (Fiat-Shamir, STARK 9)."""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack, unpack

from blake3 import blake3

from ves_stark.errors import InvalidProofError
from ves_stark.field import Element, P, Vector

_MAX_TRIES = 1000


def digest(data: bytes | memoryview) -> bytes:
    """BLAKE3, 32 bytes."""
    return blake3(data).digest()


def element_bytes(elements: Sequence[int]) -> bytes:
    """Canonical form of base elements: 8 bytes each, little-endian."""
    return pack(f"<{len(elements)}Q", *elements)


def pow_bits(seed: bytes, nonce: int) -> int:
    """Trailing zero bits of the proof-of-work value of `nonce`; 64 for the value zero."""
    value: int = unpack("<Q", digest(seed + pack("<Q", nonce))[:8])[0]
    return (value & -value).bit_length() - 1 if value else 64


class Coin:
    """State of the transcript: a 32-byte seed and a counter."""

    __slots__ = ("_counter", "_degree", "seed")

    def __init__(self, elements: Sequence[int], degree: int) -> None:
        """Start from the base elements `elements`; challenges have `degree` 1 or 2."""
        self.seed = digest(element_bytes(elements))
        self._counter = 0
        self._degree = degree

    def reseed(self, data: bytes) -> None:
        """Absorb a 32-byte digest."""
        self.seed = digest(self.seed + data)
        self._counter = 0

    def _next(self) -> bytes:
        self._counter += 1
        return digest(self.seed + pack("<Q", self._counter))

    def draw(self) -> Element:
        """One challenge."""
        quadratic = self._degree > 1
        for _ in range(_MAX_TRIES):
            first, second = unpack("<2Q", self._next()[:16])
            if not quadratic:
                second = 0
            if first < P and second < P:
                return first, second
        raise InvalidProofError("the transcript yields no challenge")

    def draw_many(self, count: int) -> Vector:
        """`count` challenges, as two lists of coordinates."""
        pairs = [self.draw() for _ in range(count)]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    def positions(self, nonce: int, count: int, domain: int) -> list[int]:
        """Query positions after the proof of work: drawn, then sorted without duplicates."""
        self.reseed(pack("<Q", nonce))
        return sorted({unpack("<Q", self._next()[:8])[0] & (domain - 1) for _ in range(count)})
