"""Every challenge, root and seed of one proof, as the original had them (STARK 9 to 12)."""

from __future__ import annotations

from struct import pack

import pytest

from tests.unit.ves_stark.vectors import case, load
from ves_stark import layout, wire
from ves_stark.errors import InvalidProofError
from ves_stark.field import P
from ves_stark.options import DEFAULT
from ves_stark.prover import trace
from ves_stark.prover.arrays import array, matmul
from ves_stark.prover.domain import domain
from ves_stark.transcript import Coin, digest, element_bytes, pow_bits
from ves_stark.verifier import start_coin

VECTOR = load("transcript_aml_default")
PROOF = wire.parse(case("aml_default").proof)


def numbers(name):
    return [int(value) for value in VECTOR[name]]


def first(vector):
    assert not any(vector[1])
    return list(vector[0])


def test_the_transcript_yields_the_challenges_of_the_vector():
    coin = start_coin(DEFAULT, case("aml_default").statement)
    assert coin.seed.hex() == VECTOR["coinSeed0"]
    coin.reseed(PROOF.trace_root)
    assert coin.seed.hex() == VECTOR["seedAfterTraceRoot"]
    assert first(coin.draw_many(157)) == numbers("transitionCoefficients")
    assert first(coin.draw_many(80)) == numbers("boundaryCoefficients")
    coin.reseed(PROOF.composition_root)
    assert coin.draw() == (int(VECTOR["z"]), 0)
    coin.reseed(bytes.fromhex(VECTOR["oodTraceHash"]))
    coin.reseed(bytes.fromhex(VECTOR["oodConstraintHash"]))
    assert first(coin.draw_many(248)) == numbers("deepTraceCoefficients")
    assert first(coin.draw_many(8)) == numbers("deepConstraintCoefficients")
    coin.reseed(PROOF.remainder_commitment)
    assert coin.seed.hex() == VECTOR["seedBeforeGrinding"]
    assert pow_bits(coin.seed, VECTOR["powNonce"]) >= DEFAULT.grinding_bits
    assert coin.positions(VECTOR["powNonce"], 18, 256) == VECTOR["uniquePositions"]


def test_the_parts_of_the_proof_are_those_of_the_vector():
    assert PROOF.trace_root.hex() == VECTOR["traceRoot"]
    assert PROOF.composition_root.hex() == VECTOR["constraintRoot"]
    assert PROOF.remainder_commitment.hex() == VECTOR["remainderCommitment"]
    assert PROOF.nonce == VECTOR["powNonce"]
    assert digest(PROOF.trace_frame).hex() == VECTOR["oodTraceHash"]
    assert list(wire.elements(PROOF.composition_frame)) == numbers("oodConstraintEvaluations")
    assert list(wire.elements(PROOF.remainder)) == numbers("remainderCoefficients")


def test_the_coin_starts_from_the_elements_of_the_vector():
    assert Coin(numbers("coinSeedElements"), 1).seed.hex() == VECTOR["coinSeed0"]


def test_the_trace_and_its_extension_are_those_of_the_vector():
    rows = trace.build(case("aml_default").amount, case("aml_default").statement)
    assert rows == [[int(value) for value in row] for row in VECTOR["traceRows"]]
    extended = matmul(domain().extend, matmul(domain().interpolate, array(rows)))
    assert extended[0, :4].tolist() == numbers("ldeRow0First4")
    assert extended[1, :4].tolist() == numbers("ldeRow1First4")
    assert digest(extended[0].tobytes()).hex() == VECTOR["ldeRow0Leaf"]


def test_the_assertions_are_eighty_and_sorted():
    listed = layout.assertions(case("aml_default").statement)
    assert [pair[:2] for pair in listed] == sorted(pair[:2] for pair in listed)
    counts = tuple(sum(row == at for row, _, _ in listed) for at in layout.ASSERTION_ROWS)
    assert counts == layout.ASSERTION_COUNTS
    assert sum(counts) == layout.ASSERTIONS == 80


class HighDigests(Coin):
    """A coin whose first digests are no canonical elements."""

    def __init__(self, degree, tries):
        super().__init__([1], degree)
        self.tries = tries

    def _next(self):
        self.tries -= 1
        bad = [P, 1] if self.tries % 2 else [1, 2**64 - 1]
        return pack("<2Q", *(bad if self.tries >= 0 else [7, 8])).ljust(32, b"\0")


def test_a_digest_that_is_no_element_is_drawn_again():
    assert HighDigests(2, 5).draw() == (7, 8)
    assert HighDigests(1, 2).draw() == (1, 0)


def test_a_transcript_without_challenges_ends():
    with pytest.raises(InvalidProofError, match="no challenge"):
        HighDigests(2, 5000).draw()


def test_the_value_zero_has_all_bits_of_work(monkeypatch):
    monkeypatch.setattr("ves_stark.transcript.digest", lambda _: bytes(32))
    assert pow_bits(bytes(32), 1) == 64


def test_elements_are_hashed_as_little_endian_words():
    assert element_bytes([1, P - 1]).hex() == "010000000000000000000000ffffffff"
