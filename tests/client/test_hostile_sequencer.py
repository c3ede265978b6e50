"""A sequencer that forks, rewinds, mixes up or sends junk: the push stops, and evidence shows what can be shown."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.offline import AGENT, SEQUENCER_KEY, STORE, TENANT
from tests.client.double import Double, assert_stopped, receipt_for
from ves import digests
from ves.receipts import decode_receipt
from ves_client import ClientError, Exit, Outbox, Pushed, Sequencer, Trust, check_commitments, push
from ves_client.contradictions import (
    Contradiction,
    SignedReceipt,
    check_contradiction,
    decode_contradiction,
    describe,
)
from ves_client.outbox_rows import ContradictionFound

Send = Callable[..., Pushed]
TRUST = Trust((SEQUENCER_KEY,))


def record(outbox: Outbox, count: int) -> None:
    for n in range(count):
        outbox.record("order", f"O-{n}", "order.created", {"n": n})


def test_a_number_given_twice_convicts(outbox: Outbox, double: Double, send: Send) -> None:
    record(outbox, 2)
    send()
    double.order.clear()
    record(outbox, 2)
    double.lie = lambda answer: answer | {"headSequence": 2}
    path = assert_stopped(send, "number_given_twice")
    assert len(double.bodies) == 2
    found = decode_contradiction(path.read_bytes())
    assert check_contradiction(found, TRUST) == []
    assert [outbox.status().pushed, len(list(outbox.receipts()))] == [2, 2]


def test_the_stop_outlives_the_process_and_ends_by_a_decision(
    outbox: Outbox, double: Double, send: Send, tmp_path: Path
) -> None:
    record(outbox, 1)
    send()
    double.order.clear()
    record(outbox, 1)
    path = assert_stopped(send, "number_given_twice")
    path.unlink()
    with Outbox(tmp_path / "shop.db", AGENT, TENANT, STORE) as again:
        assert again.status().contradiction == "number_given_twice"
    assert assert_stopped(send, "number_given_twice") == path
    outbox.resume()
    double.order.insert(0, "the event that was there before")
    assert send().replayed == 1


def test_a_number_given_twice_in_one_answer_convicts(outbox: Outbox, double: Double, send: Send) -> None:
    record(outbox, 2)

    def fork(answer: dict[str, Any]) -> dict[str, Any]:
        second = double.stored[double.order[1]]
        return answer | {"receipts": [answer["receipts"][0], receipt_for(second, 1)]}

    double.lie = fork
    found = decode_contradiction(assert_stopped(send, "number_given_twice").read_bytes())
    assert check_contradiction(found, TRUST) == []
    assert list(outbox.receipts()) == []


def test_a_receipt_that_changed_convicts(outbox: Outbox, double: Double, send: Send, tmp_path: Path) -> None:
    """Another process has stored receipt 1 while this one's request was under way."""
    record(outbox, 1)
    (event,) = outbox.pending(1, 1)
    send()
    changed = receipt_for(double.stored[double.order[0]], 9)
    with pytest.raises(ContradictionFound) as found:
        outbox.settle(
            [(event, decode_receipt(json.dumps(changed).encode()), json.dumps(changed).encode())], [], 9
        )
    evidence = found.value.evidence
    assert evidence.kind == "receipt_changed"
    assert check_contradiction(evidence, TRUST) == []
    assert "numbers 1 and 9" in describe(evidence)


def test_a_head_that_went_back_stops_and_shows_the_receipt_beyond_it(
    outbox: Outbox, double: Double, send: Send
) -> None:
    record(outbox, 3)
    send()
    double.refuse = lambda _: "invalid_signature"
    record(outbox, 1)
    double.lie = lambda answer: answer | {"headSequence": 2}
    found = decode_contradiction(assert_stopped(send, "head_went_back").read_bytes())
    assert check_contradiction(found, TRUST) == []
    assert "number 3 had been given, then the head was 2" in describe(found)


def test_evidence_that_shows_nothing_is_told_apart(outbox: Outbox, double: Double, send: Send) -> None:
    record(outbox, 2)
    send()
    first, second = outbox.receipts()
    innocent = Contradiction(
        1, "number_given_twice", TENANT, STORE, "2026-01-01T00:00:00+00:00", [first.signed(), second.signed()]
    )
    assert check_contradiction(innocent, TRUST) == [
        "the content does not show the contradiction number_given_twice"
    ]
    same = msgspec.structs.replace(innocent, receipts=[first.signed(), first.signed()])
    assert check_contradiction(same, TRUST) != []
    forged = msgspec.structs.replace(
        innocent, receipts=[SignedReceipt(first.signing_hash.hex(), second.receipt), second.signed()]
    )
    assert any("receipt hash does not match" in finding for finding in check_contradiction(forged, TRUST))
    assert check_contradiction(innocent, Trust(())) != []
    stranger = Trust((AGENT.public_key,))
    assert any("signature does not verify" in finding for finding in check_contradiction(innocent, stranger))


def mangle(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    def change(answer: dict[str, Any]) -> dict[str, Any]:
        first, *rest = answer["receipts"]
        return answer | {"receipts": [first | changes, *rest]}

    return change


LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another number": mangle(sequenceNumber=7),
    "another event": mangle(eventId=str(uuid.uuid4())),
    "another hash": mangle(receiptHash="00" * 32),
    "another signature": mangle(sequencerSignature="00" * 64),
    "no signature": mangle(signatureAlg="none", sequencerSignature=""),
    "a receipt is missing": lambda answer: answer | {"receipts": answer["receipts"][1:]},
    "a receipt comes twice": lambda answer: (
        answer | {"receipts": answer["receipts"] + answer["receipts"][:1]}
    ),
    "accepted and refused": lambda answer: (
        answer
        | {
            "rejections": [
                {"event_id": answer["receipts"][0]["eventId"], "reason": "invalid_signature", "message": ""}
            ]
        }
    ),
    "a refusal for a stranger": lambda answer: (
        answer
        | {"rejections": [{"event_id": str(uuid.uuid4()), "reason": "invalid_signature", "message": ""}]}
    ),
    "a head below its numbers": lambda answer: answer | {"headSequence": 1},
    "an integer beyond 64 bits": mangle(sequenceNumber=2**70),
    "10 MB of junk": lambda _: b"\x00" * 10_000_000,
    "10 MB of brackets": lambda _: b"[" * 10_000_000,
    "more than any answer": lambda _: b" " * 40_000_000,
    "no document": lambda _: b"<html>",
    "another shape": lambda _: [],
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_does_not_verify_is_refused_and_nothing_stored(
    outbox: Outbox, double: Double, send: Send, lie: str
) -> None:
    record(outbox, 2)
    double.lie = LIES[lie]
    with pytest.raises(ClientError) as refused:
        send(timeout=5.0)
    assert refused.value.status in {Exit.CHECK_FAILED, Exit.UNREACHABLE}
    assert list(outbox.receipts()) == []
    status = outbox.status()
    assert (status.pushed, status.acked, status.head_sequence, status.contradiction) == (2, 0, 0, None)
    double.lie = lambda answer: answer
    assert send().replayed == 2


def test_a_push_that_finds_a_lie_sends_one_further_batch_at_most_and_loses_nothing(
    outbox: Outbox, double: Double, send: Send
) -> None:
    record(outbox, 8)
    double.lie = LIES["another signature"]
    with pytest.raises(ClientError, match="does not verify"):
        send(batch=2)
    assert len(double.bodies) == 2
    assert (outbox.status().pushed, outbox.status().acked, list(outbox.receipts())) == (4, 0, [])
    double.lie = lambda answer: answer
    done = send(batch=2)
    assert (done.replayed, done.accepted) == (4, 4)
    assert [str(item.event_id) for item in outbox.receipts()] == double.order


def test_the_receipts_of_another_tenant_are_refused(outbox: Outbox, double: Double, send: Send) -> None:
    record(outbox, 1)
    double.lie = lambda answer: (
        answer
        | {"receipts": [receipt_for(double.stored[double.order[0]] | {"tenant_id": str(uuid.uuid4())}, 1)]}
    )
    with pytest.raises(ClientError, match="does not verify"):
        send()


def test_a_receipt_under_any_trusted_key_is_accepted(outbox: Outbox, double: Double) -> None:
    record(outbox, 1)
    with Sequencer(double.url, "ss_x") as sequencer:
        with pytest.raises(ClientError, match="does not verify"):
            push(outbox, sequencer, Trust((AGENT.public_key,)))
        assert push(outbox, sequencer, Trust((AGENT.public_key, SEQUENCER_KEY))).replayed == 1


class Lists:
    """A client whose server lists these commitments."""

    def __init__(self, *commitments: dict[str, Any]) -> None:
        self.commitments = commitments

    def list_commitments(self, _tenant_id: uuid.UUID, _store_id: uuid.UUID) -> list[dict[str, Any]]:
        return list(self.commitments)


def commitment(root: bytes, first: int, previous: bytes = bytes(32), **changes: Any) -> dict[str, Any]:
    """A commitment of one event that verifies by itself; `changes` apply afterwards."""
    state = digests.state_root(digests.stream_id(TENANT, STORE), previous, root, first, first, 1)
    return {
        "batch_id": str(uuid.uuid5(STORE, root.hex())),
        "tenant_id": str(TENANT),
        "store_id": str(STORE),
        "tree_depth": 0,
        "leaf_count": 1,
        "padded_leaf_count": 1,
        "merkle_root": root.hex(),
        "prev_state_root": previous.hex(),
        "new_state_root": state.hex(),
        "sequence_start": first,
        "sequence_end": first,
        **changes,
    }


FIRST = commitment(b"\x01" * 32, 1)
SECOND = commitment(b"\x02" * 32, 2, bytes.fromhex(FIRST["new_state_root"]))


def test_commitments_that_link_are_kept_and_may_repeat_or_be_absent(outbox: Outbox) -> None:
    for listed in ((FIRST,), (SECOND, FIRST), (SECOND,), ()):
        assert check_commitments(outbox, Lists(*listed)) == len(listed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other", [commitment(b"\x03" * 32, 1), commitment(b"\x02" * 32, 2)], ids=["another root", "another past"]
)
def test_a_root_that_contradicts_an_earlier_one_stops_the_sync(
    outbox: Outbox, double: Double, send: Send, other: dict[str, Any]
) -> None:
    check_commitments(outbox, Lists(FIRST))  # type: ignore[arg-type]
    with pytest.raises(ClientError) as stopped:
        check_commitments(outbox, Lists(SECOND, other))  # type: ignore[arg-type]
    assert stopped.value.details["kind"] == "root_changed"
    found = decode_contradiction(Path(stopped.value.details["evidence"]).read_bytes())
    assert check_contradiction(found, TRUST) == []
    forged = msgspec.structs.replace(found, commitments=[found.commitments[0]] * 2)
    assert check_contradiction(forged, TRUST) != []
    record(outbox, 1)
    assert_stopped(send, "root_changed")
    assert double.bodies == []


@pytest.mark.parametrize(
    "changes",
    [
        {"merkle_root": "04" * 32},
        {"leaf_count": 2},
        {"tenant_id": str(uuid.UUID(int=1))},
        {"merkle_root": "zz"},
    ],
    ids=str,
)
def test_a_commitment_that_does_not_verify_is_refused(outbox: Outbox, changes: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="does not verify"):
        check_commitments(outbox, Lists(FIRST | changes))  # type: ignore[arg-type]
    assert check_commitments(outbox, Lists(FIRST)) == 1  # type: ignore[arg-type]
