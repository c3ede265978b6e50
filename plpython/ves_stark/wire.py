"""Wire format of a proof: one strict reader and one writer (STARK 14).

The reader accepts exactly the output of the writer: fixed sizes, canonical elements, shortest lengths,
zero in every reserved byte and nothing after the end. Its work is bounded by the options.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import pack, unpack

from ves_stark import layout
from ves_stark.errors import MalformedProofError
from ves_stark.field import P
from ves_stark.merkle import DIGEST_BYTES
from ves_stark.options import BY_BYTES, Options

MAX_PROOF_BYTES = 10 * 1024 * 1024
_ELEMENT = 8
# Width 248, no auxiliary segment, no auxiliary randomness, 2^4 rows, no metadata, then the modulus.
_CONTEXT = bytes([layout.WIDTH, 0, 0, 4, 0, 0, _ELEMENT]) + P.to_bytes(_ELEMENT, "little")
_OPTION_BYTES = 8
_COMMITMENTS = 3
_DEPTH = 8
_TRACE_FRAME_TAG = b"\x02"
_NO_LAGRANGE = b"\x01\x00\x00"
_NO_LAYERS = b"\x00"
_NO_PARTITIONS = b"\x00"
_NO_GKR = b"\x00"
_MAX_VINT_BYTES = 8


@dataclass(slots=True)
class Opening:
    """Opened rows, each as its canonical bytes, and the node lists above them."""

    rows: list[bytes]
    nodes: list[list[bytes]]


@dataclass(slots=True)
class Proof:
    """A proof in parts. Element lists stay encoded; `elements` decodes them after the checks."""

    options: Options
    unique_queries: int
    trace_root: bytes
    composition_root: bytes
    remainder_commitment: bytes
    trace: Opening
    composition: Opening
    trace_frame: bytes
    composition_frame: bytes
    remainder: bytes
    nonce: int


def elements(data: bytes) -> tuple[int, ...]:
    """Base elements of their canonical bytes; raises MalformedProofError for a value >= P."""
    values = unpack(f"<{len(data) // _ELEMENT}Q", data)
    if values and max(values) >= P:
        raise MalformedProofError("a field element is not canonical")
    return values


def vint(value: int) -> bytes:
    """Variable-length integer: the number of trailing zero bits of the first byte encodes the length."""
    for length in range(1, _MAX_VINT_BYTES + 1):
        if value < 1 << 7 * length:
            return ((value << 1 | 1) << length - 1).to_bytes(length, "little")
    return b"\x00" + pack("<Q", value)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise MalformedProofError("the proof ends too early")
        part = self._data[self._at : end]
        self._at = end
        return part

    def expect(self, literal: bytes, meaning: str) -> None:
        if self.take(len(literal)) != literal:
            raise MalformedProofError(f"unexpected {meaning}")

    def byte(self) -> int:
        return self.take(1)[0]

    def vint(self) -> int:
        """The value of a vint in its shortest form."""
        first = self.byte()
        length = (first & -first).bit_length() if first else _MAX_VINT_BYTES + 1
        raw = bytes([first]) + self.take(length - 1)
        # Nine bytes are a zero byte and the plain value; up to eight share the first byte's bits.
        value = int.from_bytes(raw, "little") >> min(length, _MAX_VINT_BYTES)
        if vint(value) != raw:
            raise MalformedProofError("a length is not in its shortest form")
        return value

    def vint_up_to(self, limit: int) -> int:
        value = self.vint()
        if value > limit:
            raise MalformedProofError("a length is impossibly large")
        return value

    def finish(self) -> None:
        if self._at != len(self._data):
            raise MalformedProofError("bytes follow the proof")


def _read_nodes(reader: _Reader, rows: int) -> list[list[bytes]]:
    if reader.byte() != _DEPTH:
        raise MalformedProofError("an opening has the wrong depth")
    # At most one list for each row and one digest for each level: this bounds memory for any length field.
    lists = []
    for _ in range(reader.vint_up_to(rows)):
        raw = reader.take(reader.vint_up_to(_DEPTH) * DIGEST_BYTES)
        lists.append([raw[at : at + DIGEST_BYTES] for at in range(0, len(raw), DIGEST_BYTES)])
    return lists


def _read_opening(reader: _Reader, rows: int, row_bytes: int) -> Opening:
    reader.expect(vint(rows * row_bytes), "length of opened rows")
    raw = reader.take(rows * row_bytes)
    elements(raw)
    size = reader.vint()
    nested = _Reader(reader.take(size))
    nodes = _read_nodes(nested, rows)
    nested.finish()
    return Opening([raw[at : at + row_bytes] for at in range(0, len(raw), row_bytes)], nodes)


def _read_elements(reader: _Reader, count: int) -> bytes:
    data = reader.take(count * _ELEMENT)
    elements(data)
    return data


def parse(data: bytes) -> Proof:
    """The parts of a proof. Raises MalformedProofError for anything but the one valid encoding."""
    if len(data) > MAX_PROOF_BYTES:
        raise MalformedProofError(f"the proof is larger than {MAX_PROOF_BYTES} bytes")
    reader = _Reader(data)
    reader.expect(_CONTEXT, "context")
    options = BY_BYTES.get(reader.take(_OPTION_BYTES))
    if options is None:
        raise MalformedProofError("the options are those of no preset")
    unique = reader.byte()
    if not 1 <= unique <= options.queries:
        raise MalformedProofError("impossible number of query positions")
    reader.expect(pack("<H", _COMMITMENTS * DIGEST_BYTES), "length of commitments")
    roots = [reader.take(DIGEST_BYTES) for _ in range(_COMMITMENTS)]
    degree = options.extension
    trace = _read_opening(reader, unique, layout.WIDTH * _ELEMENT)
    composition = _read_opening(reader, unique, layout.COMPOSITION_COLUMNS * degree * _ELEMENT)
    frame = 2 * layout.WIDTH * degree
    reader.expect(pack("<H", 1 + frame * _ELEMENT) + _TRACE_FRAME_TAG, "trace frame")
    trace_frame = _read_elements(reader, frame)
    reader.expect(_NO_LAGRANGE, "Lagrange frame")
    frame = layout.COMPOSITION_COLUMNS * degree
    reader.expect(pack("<H", frame * _ELEMENT), "composition frame")
    composition_frame = _read_elements(reader, frame)
    reader.expect(_NO_LAYERS, "FRI layers")
    reader.expect(pack("<H", layout.ROWS * degree * _ELEMENT), "length of the remainder")
    remainder = _read_elements(reader, layout.ROWS * degree)
    reader.expect(_NO_PARTITIONS, "FRI partitions")
    nonce: int = unpack("<Q", reader.take(8))[0]
    reader.expect(_NO_GKR, "GKR proof")
    reader.finish()
    return Proof(
        options, unique, roots[0], roots[1], roots[2], trace, composition, trace_frame,
        composition_frame, remainder, nonce,
    )  # fmt: skip


def _write_opening(opening: Opening) -> bytes:
    rows = b"".join(opening.rows)
    nodes = bytes([_DEPTH]) + vint(len(opening.nodes))
    nodes += b"".join(vint(len(part)) + b"".join(part) for part in opening.nodes)
    return vint(len(rows)) + rows + vint(len(nodes)) + nodes


def write(proof: Proof) -> bytes:
    """The bytes of a proof; `parse` is its inverse."""
    roots = proof.trace_root + proof.composition_root + proof.remainder_commitment
    return b"".join(
        [
            _CONTEXT,
            proof.options.to_bytes(),
            bytes([proof.unique_queries]),
            pack("<H", len(roots)) + roots,
            _write_opening(proof.trace),
            _write_opening(proof.composition),
            pack("<H", 1 + len(proof.trace_frame)) + _TRACE_FRAME_TAG + proof.trace_frame,
            _NO_LAGRANGE,
            pack("<H", len(proof.composition_frame)) + proof.composition_frame,
            _NO_LAYERS,
            pack("<H", len(proof.remainder)) + proof.remainder,
            _NO_PARTITIONS,
            pack("<Q", proof.nonce) + _NO_GKR,
        ]
    )
