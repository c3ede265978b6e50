"""Changed proofs: always refused, with the library's own error, in bounded time (STARK 15)."""

from __future__ import annotations

import tracemalloc
from random import Random
from struct import pack
from time import process_time

import pytest

from tests.unit.ves_stark.vectors import SECURE_CASES, case, load
from ves_stark import wire
from ves_stark.errors import InvalidProofError, MalformedProofError, StarkError, UnacceptedOptionsError
from ves_stark.field import P
from ves_stark.options import ACCEPTED, FAST
from ves_stark.verifier import verify_proof

CASE = case("aml_default")
STEP = 97
EDITS = 400
SECONDS = 2.0

# What ours does where the original accepts, panics or rejects: everything is refused.
VECTOR_EDITS = {
    "trailing_bytes": (lambda proof: proof + b"\x00\x01", MalformedProofError),
    "gkr_some": (lambda proof: proof[:-1] + bytes.fromhex("010961626364"), MalformedProofError),
    "fri_partitions": (lambda proof: put(proof, len(proof) - 10, 3), MalformedProofError),
    "aux_rands": (lambda proof: put(proof, 2, 1), MalformedProofError),
    "unique_count": (lambda proof: flip(proof, 23), MalformedProofError),
    "trace_root": (lambda proof: flip(proof, 30), InvalidProofError),
    "nonce": (lambda proof: flip(proof, len(proof) - 9), InvalidProofError),
    "query_value": (lambda proof: flip(proof, 130), InvalidProofError),
    "num_queries": (lambda proof: put(proof, 15, 0x11), MalformedProofError),
}


def put(proof, at, value):
    return proof[:at] + bytes([value]) + proof[at + 1 :]


def flip(proof, at, mask=1):
    return put(proof, at, proof[at] ^ mask)


def refuse(proof, statement=CASE.statement):
    """Verify a changed proof; it must be refused by a StarkError, soon."""
    start = process_time()
    with pytest.raises(StarkError):
        verify_proof(proof, statement, ACCEPTED | {FAST})
    assert process_time() - start < SECONDS


def test_every_edit_of_the_vectors_has_a_test():
    listed = {edit["name"] for edit in load("malleability_and_rejections")}
    assert listed == VECTOR_EDITS.keys()


@pytest.mark.parametrize("name", VECTOR_EDITS)
def test_an_edit_of_the_vectors_is_refused(name):
    edit, error = VECTOR_EDITS[name]
    with pytest.raises(error):
        verify_proof(edit(CASE.proof), CASE.statement)


def test_a_change_of_any_byte_is_refused():
    source = Random(1)
    for at in range(0, len(CASE.proof), STEP):
        refuse(flip(CASE.proof, at, source.randrange(1, 256)))


def test_a_change_of_any_byte_outside_the_opened_trace_is_refused():
    """The headers, lengths, commitments and the nonce, byte by byte with two changes each."""
    source = Random(2)
    ends = [*range(130), *range(len(CASE.proof) - 170, len(CASE.proof))]
    for at in ends:
        refuse(flip(CASE.proof, at, 1))
        refuse(flip(CASE.proof, at, source.randrange(2, 256)))


@pytest.mark.soak
@pytest.mark.parametrize("name", ["aml_default", *SECURE_CASES])
def test_a_change_of_each_single_byte_is_refused(name):
    source = Random(name)
    for at in range(len(case(name).proof)):
        refuse(flip(case(name).proof, at, source.randrange(1, 256)), case(name).statement)


def test_every_truncation_is_refused():
    lengths = [*range(200), *range(200, len(CASE.proof), STEP), len(CASE.proof) - 1]
    for length in lengths:
        with pytest.raises(MalformedProofError):
            wire.parse(CASE.proof[:length])


def edited(proof, source):
    """A proof after a few random insertions, deletions, repetitions and changes."""
    data = bytearray(proof)
    for _ in range(source.randrange(1, 4)):
        at, other = source.randrange(len(data)), source.randrange(len(data))
        size = source.choice([1, 1, 2, 8, 32, 1984])
        kind = source.randrange(5)
        if kind == 0:
            data[at:at] = source.randbytes(size)
        elif kind == 1:
            del data[at : at + size]
        elif kind == 2:
            data[at : at + size] = source.randbytes(size)
        elif kind == 3:
            data[at : at + size] = data[other : other + size]
        else:
            data[at] = source.choice([0, 1, 0x80, 0xFF])
    return bytes(data)


def check_random_edits(count, seed):
    source = Random(seed)
    for _ in range(count):
        proof = edited(CASE.proof, source)
        if proof != CASE.proof:
            refuse(proof)


def test_random_edits_are_refused():
    check_random_edits(EDITS, 3)


@pytest.mark.soak
def test_ten_thousand_random_edits_are_refused():
    check_random_edits(10_000, 4)


def test_random_bytes_are_refused():
    source = Random(5)
    for size in (0, 1, 22, 23, 100, 1000, 50_000):
        refuse(source.randbytes(size))
        refuse(CASE.proof[:23] + source.randbytes(size))


def test_a_proof_beyond_the_size_limit_is_refused_unread():
    with pytest.raises(MalformedProofError, match="larger"):
        wire.parse(bytes(wire.MAX_PROOF_BYTES + 1))


def test_a_length_cannot_ask_for_memory():
    """Ten megabytes of node lists: refused at the first number that no honest proof has."""
    at = CASE.proof.index(wire.vint(len(wire.parse(CASE.proof).trace.rows) * 1984)) + 3
    at += len(wire.parse(CASE.proof).trace.rows) * 1984
    body = b"\x08" + wire.vint(9_000_000) + b"\x01" * 9_000_000
    hostile = CASE.proof[:at] + wire.vint(len(body)) + body
    tracemalloc.start()
    try:
        refuse(hostile)
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    finally:
        tracemalloc.stop()


def rewritten(**changes):
    """The proof with some parts replaced, written by our own writer."""
    proof = wire.parse(CASE.proof)
    for name, value in changes.items():
        setattr(proof, name, value)
    return wire.write(proof)


def test_an_element_that_is_not_canonical_is_refused():
    """c + P names the same element; only c may stand in a proof."""
    proof = wire.parse(CASE.proof)
    for name in ("trace_frame", "composition_frame", "remainder"):
        data = getattr(proof, name)
        for at in range(0, len(data), 8):
            value = int.from_bytes(data[at : at + 8], "little") + P
            if value < 2**64:
                alias = data[:at] + pack("<Q", value) + data[at + 8 :]
                with pytest.raises(MalformedProofError, match="canonical"):
                    wire.parse(rewritten(**{name: alias}))


def test_an_opened_element_that_is_not_canonical_is_refused():
    opening = wire.parse(CASE.proof).trace
    row = opening.rows[0]
    zero = next(at for at in range(0, len(row), 8) if int.from_bytes(row[at : at + 8], "little") < 2**32 - 1)
    alias = row[:zero] + pack("<Q", int.from_bytes(row[zero : zero + 8], "little") + P) + row[zero + 8 :]
    opening.rows[0] = alias
    with pytest.raises(MalformedProofError, match="canonical"):
        wire.parse(rewritten(trace=opening))


def test_a_length_in_a_longer_form_is_refused():
    lists = len(wire.parse(CASE.proof).composition.nodes)
    short = wire.vint(lists)
    long = ((lists << 1 | 1) << 1).to_bytes(2, "little")
    at = CASE.proof.rindex(b"\x08" + short)
    changed = CASE.proof[: at + 1] + long + CASE.proof[at + 1 + len(short) :]
    with pytest.raises(MalformedProofError, match=r"shortest|opened rows|too early|bytes follow|unexpected"):
        wire.parse(changed)


def test_a_digest_too_many_is_refused():
    for index in range(2):
        opening = wire.parse(CASE.proof).trace
        opening.nodes[-index].append(bytes(32))
        with pytest.raises((InvalidProofError, MalformedProofError)):
            verify_proof(rewritten(trace=opening), CASE.statement)


def test_a_node_list_too_many_or_too_few_is_refused():
    opening = wire.parse(CASE.proof).trace
    opening.nodes.append([])
    with pytest.raises(InvalidProofError, match="number of node lists"):
        verify_proof(rewritten(trace=opening), CASE.statement)
    opening.nodes = opening.nodes[:-2]
    with pytest.raises(InvalidProofError, match="number of node lists"):
        verify_proof(rewritten(trace=opening), CASE.statement)


def test_a_missing_digest_is_refused():
    opening = wire.parse(CASE.proof).trace
    longest = max(opening.nodes, key=len)
    longest.pop()
    with pytest.raises(InvalidProofError, match="lacks a digest"):
        verify_proof(rewritten(trace=opening), CASE.statement)


def test_fewer_queries_than_drawn_are_refused():
    proof = wire.parse(CASE.proof)
    for opening in (proof.trace, proof.composition):
        opening.rows = opening.rows[:1]
        opening.nodes = opening.nodes[:1]
    fewer = rewritten(unique_queries=1, trace=proof.trace, composition=proof.composition)
    with pytest.raises(InvalidProofError, match="number of query positions"):
        verify_proof(fewer, CASE.statement)


def test_swapped_rows_are_refused():
    opening = wire.parse(CASE.proof).trace
    opening.rows[:2] = opening.rows[1::-1]
    with pytest.raises(InvalidProofError):
        verify_proof(rewritten(trace=opening), CASE.statement)


def test_a_proof_of_one_preset_is_not_one_of_another():
    proof = case("aml_fast_unaccepted").proof
    with pytest.raises(UnacceptedOptionsError):
        verify_proof(proof, case("aml_fast_unaccepted").statement)
    for name in SECURE_CASES:
        mixed = case(name).proof[:23] + CASE.proof[23:]
        refuse(mixed)


def test_no_preset_can_be_widened_by_its_option_bytes():
    for at in range(15, 23):
        for value in range(256):
            if value != CASE.proof[at]:
                with pytest.raises((MalformedProofError, UnacceptedOptionsError)):
                    verify_proof(put(CASE.proof, at, value), CASE.statement)
