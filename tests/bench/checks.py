"""What the load generator must find in the answers: a load tool that does not verify is not a test."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from tests.bench.parallel import spread
from tests.bench.system import SEQUENCER_PUBLIC_KEY
from ves.receipts import Receipt, verify_receipt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.events import Batch
    from tests.bench.wire import Answer

_CHUNK = 200


class _Body(msgspec.Struct, rename="camel"):
    events_accepted: int
    events_rejected: int
    sequence_start: int
    sequence_end: int
    receipts: list[Receipt]


_decode = msgspec.json.Decoder(_Body).decode


def check_answers(
    batches: Sequence[Batch], answers: Sequence[Answer], public_key: bytes = SEQUENCER_PUBLIC_KEY
) -> dict[str, Any]:
    """Every event accepted, numbers 1..n without a gap per stream, every receipt verifies. Raises AssertionError.

    `answers` hold the index of their batch; all batches that were ever sent to these streams must be here.
    """
    pairs = [(batches[answer.index], answer.status, answer.body) for answer in answers]
    assert len({answer.index for answer in answers}) == len(batches), "some requests were never answered"
    chunks = [pairs[start : start + _CHUNK] for start in range(0, len(pairs), _CHUNK)]
    numbers: dict[tuple[bytes, bytes], list[int]] = {}
    for part in spread(partial(_check_chunk, public_key=public_key), chunks, 2):
        for stream, found in part.items():
            numbers.setdefault(stream, []).extend(found)
    for found in numbers.values():
        found.sort()
        assert found == list(range(1, len(found) + 1)), "the numbers of a stream have a gap or a repeat"
    events = sum(len(found) for found in numbers.values())
    return {
        "events": events,
        "streams": len(numbers),
        "receipts_verified": events,
        "numbers": "1..n in every stream",
    }


def _check_chunk(
    chunk: Sequence[tuple[Batch, int, bytes]], public_key: bytes
) -> dict[tuple[bytes, bytes], list[int]]:
    numbers: dict[tuple[bytes, bytes], list[int]] = {}
    for batch, status, raw in chunk:
        assert status == 200, raw[:500]
        body, agent = _decode(raw), batch.agent
        assert (body.events_accepted, body.events_rejected) == (batch.count, 0), raw[:500]
        assert body.sequence_end - body.sequence_start + 1 == batch.count
        assert {receipt.event_id.bytes for receipt in body.receipts} == batch.signing_hashes.keys()
        for receipt in body.receipts:
            digest = batch.signing_hashes[receipt.event_id.bytes]
            findings = verify_receipt(receipt, agent.tenant_id, agent.store_id, digest, public_key)
            assert not findings, findings
        found = [receipt.sequence_number for receipt in body.receipts]
        assert found == list(range(body.sequence_start, body.sequence_end + 1))
        numbers.setdefault((agent.tenant_id.bytes, agent.store_id.bytes), []).extend(found)
    return numbers
