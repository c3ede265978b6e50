"""Timestamps in the OpenTimestamps format: made over many digests, read from calendars, joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.serialize import (
    BytesDeserializationContext,
    BytesSerializationContext,
    DeserializationError,
)
from opentimestamps.core.timestamp import Timestamp, make_merkle_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a calendar answers, and what is stored of all calendars together.
ANSWER_BYTES, PROOF_BYTES = 10_000, 65_536
_MOST_HEIGHT, _MOST_BLOCKS = 2**31, 2


class UnusableAnswerError(Exception):
    """A calendar's answer that is no timestamp, or one that leads elsewhere than it may."""


def join(digests: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """Return the root over digests of 32 bytes, and for each the serialized operations that lead to it."""
    leaves = [Timestamp(digest) for digest in digests]
    top = make_merkle_tree(leaves)
    top.attestations.add(PendingAttestation(""))  # a timestamp without one cannot be serialized
    end = len(serialize(top))
    return bytes(top.msg), [serialize(leaf)[:-end] for leaf in leaves]


def serialize(timestamp: Any) -> bytes:
    """Return the bytes of a timestamp."""
    context = BytesSerializationContext()
    timestamp.serialize(context)
    return bytes(context.getbytes())


def parse(data: bytes, digest: bytes) -> Any:
    """Return the timestamp of a digest. Raises UnusableAnswerError for what is none, or has bytes behind it."""
    context = BytesDeserializationContext(data)
    try:
        found = Timestamp.deserialize(context, digest)
        context.assert_eof()
    except (DeserializationError, ValueError, RecursionError) as error:
        raise UnusableAnswerError(f"no timestamp: {type(error).__name__}") from error
    return found


def merged(timestamps: Sequence[Any]) -> Any:
    """Return the timestamp that has what each of several of the same digest has."""
    first = Timestamp(timestamps[0].msg)
    for timestamp in timestamps:
        first.merge(timestamp)
    return first


def require_promise(timestamp: Any, calendar: str) -> None:
    """Raise UnusableAnswerError unless a timestamp is one promise of this calendar and nothing else.

    Nobody but the calendars of the settings is asked later, wherever an answer points, and each of them once.
    """
    attestations = [attestation for _, attestation in timestamp.all_attestations()]
    if len(attestations) != 1 or any(
        not isinstance(a, PendingAttestation) or a.uri.rstrip("/") != calendar for a in attestations
    ):
        raise UnusableAnswerError("names another calendar, or claims more than a promise")


def promises(timestamp: Any) -> list[tuple[str, bytes]]:
    """Return the calendars that promised to complete a timestamp, each with the digest that it knows."""
    return [
        (attestation.uri.rstrip("/"), bytes(digest))
        for digest, attestation in timestamp.all_attestations()
        if isinstance(attestation, PendingAttestation)
    ]


def blocks(timestamp: Any) -> list[tuple[int, bytes]]:
    """Return height and claimed Merkle root of each Bitcoin block that a timestamp leads to.

    Raises UnusableAnswerError for a height that no block has, and for more blocks than a calendar needs.
    """
    found = [
        (int(attestation.height), bytes(digest))
        for digest, attestation in timestamp.all_attestations()
        if isinstance(attestation, BitcoinBlockHeaderAttestation)
    ]
    if len(found) > _MOST_BLOCKS or any(height > _MOST_HEIGHT for height, _ in found):
        raise UnusableAnswerError("claims what no block or too many blocks have")
    return found


def completed(proof: bytes, root: bytes, answer: Any) -> bytes:
    """Return the proof of a root with what a calendar answered about a digest in it.

    Raises UnusableAnswerError when the whole is too long, or too deep for the programs that read it.
    """
    timestamp = parse(proof, root)
    waiting = [timestamp]
    while waiting:
        part = waiting.pop()
        waiting += part.ops.values()
        if part.msg == answer.msg:
            part.merge(answer)
    made = serialize(timestamp)
    if len(made) > PROOF_BYTES:
        raise UnusableAnswerError("makes the proof too long")
    parse(made, root)
    return made
