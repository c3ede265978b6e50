"""Proof of work: BLAKE3 of one short block, thousands of nonces at a time.

One hash call for each nonce takes seconds at 20 bits; a single 40-byte block is cheap to vectorize over
NumPy arrays.
"""

from __future__ import annotations

from struct import unpack

import numpy as np
from numpy.typing import NDArray

from ves_stark.errors import ProvingError

_Words = NDArray[np.uint32]

_IV = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
    0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
)  # fmt: skip
_PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
_ROUNDS = 7
_ROTATIONS = ((16, 12), (8, 7))
_BLOCK_BYTES = 40
_FLAGS = 1 | 2 | 8  # first and last block of a chunk, and the root
_NONCE_WORD = 8
_SEED_WORDS = 8
_BLOCK_WORDS = 16
_MAX_BATCH_BITS = 13
_MAX_NONCE = 2**32


def _rotate(words: _Words, count: int, spare: _Words) -> None:
    np.right_shift(words, np.uint32(count), out=spare)
    np.left_shift(words, np.uint32(32 - count), out=words)
    np.bitwise_or(words, spare, out=words)


class _Batch:
    """State of many hashes at once: the rows a, b, c, d of four words each, changed in place."""

    def __init__(self, words: list[int], nonces: _Words) -> None:
        self._words = words
        self._nonces = nonces
        rows = (_IV[:4], _IV[4:], _IV[:4], (0, 0, _BLOCK_BYTES, _FLAGS))
        self.rows = [np.repeat(np.array(row, dtype=np.uint32)[:, None], len(nonces), axis=1) for row in rows]
        self._spare = np.empty_like(self.rows[0])

    def _absorb(self, order: list[int], slots: tuple[int, ...]) -> None:
        places = [order[slot] for slot in slots]
        column = np.array([[self._words[place]] for place in places], dtype=np.uint32)
        np.add(self.rows[0], column, out=self.rows[0])
        if _NONCE_WORD in places:
            row = self.rows[0][places.index(_NONCE_WORD)]
            np.add(row, self._nonces, out=row)

    def _half_mix(self, rotations: tuple[int, int]) -> None:
        a, b, c, d = self.rows
        np.bitwise_xor(d, a, out=d)
        _rotate(d, rotations[0], self._spare)
        np.add(c, d, out=c)
        np.bitwise_xor(b, c, out=b)
        _rotate(b, rotations[1], self._spare)

    def mix(self, order: list[int], start: int) -> None:
        """Four quarter-rounds side by side, with the eight message words from slot `start` on."""
        for offset, rotations in enumerate(_ROTATIONS):
            np.add(self.rows[0], self.rows[1], out=self.rows[0])
            self._absorb(order, tuple(range(start + offset, start + 8, 2)))
            self._half_mix(rotations)

    def turn(self, direction: int) -> None:
        """Rotate the rows b, c, d by 1, 2, 3 places, so that columns become diagonals or back."""
        for steps in (1, 2, 3):
            self.rows[steps] = np.roll(self.rows[steps], direction * steps, axis=0)


def first_words(seed: bytes, nonces: _Words) -> _Words:
    """First 32 bits (little-endian) of BLAKE3(seed || u64le(nonce)) for nonces below 2^32."""
    words = [*unpack("<8I", seed), *[0] * (_BLOCK_WORDS - _SEED_WORDS)]
    batch = _Batch(words, nonces)
    order = list(range(_BLOCK_WORDS))
    for _ in range(_ROUNDS):
        batch.mix(order, 0)
        batch.turn(-1)
        batch.mix(order, _SEED_WORDS)
        batch.turn(1)
        order = [order[place] for place in _PERMUTATION]
    result: _Words = batch.rows[0][0] ^ batch.rows[2][0]
    return result


def grind(seed: bytes, bits: int) -> int:
    """The smallest nonce >= 1 whose value has at least `bits` (up to 32) trailing zero bits."""
    mask = np.uint32((1 << bits) - 1)
    batch = 1 << min(bits, _MAX_BATCH_BITS)
    for start in range(1, _MAX_NONCE - batch, batch):
        nonces = np.arange(start, start + batch, dtype=np.uint32)
        hits = np.flatnonzero((first_words(seed, nonces) & mask) == 0)
        if hits.size:
            return start + int(hits[0])
    raise ProvingError("no_proof_of_work", "no nonce below 2^32 has the proof of work")
