"""A push over SyncStream: what it cannot tell goes over HTTP, and nothing is lost, doubled or reordered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cli.offline import AGENT, SEQUENCER_KEY, STORE, TENANT
from tests.client.double import Double
from tests.client.grpc_double import serving_grpc
from tests.support.processes import free_port
from tests.support.waiting import DEADLINE_SECS
from ves import hpke
from ves_client import ClientError, Outbox, Pushed, Sequencer, Trust, push
from ves_client.grpc_sync import GrpcSync, push_request

Send = Callable[..., Pushed]


@pytest.fixture
def target(double: Double) -> Iterator[str]:
    with serving_grpc(double) as made:
        yield made


@pytest.fixture
def send(double: Double, outbox: Outbox, target: str) -> Send:
    """Push the outbox to the double over SyncStream."""

    def run(*, timeout: float = 20.0, **options: Any) -> Pushed:
        with (
            Sequencer(double.url, "ss_x") as sequencer,
            GrpcSync(target, "ss_x", sequencer, timeout=timeout) as stream,
        ):
            return push(outbox, stream, Trust((SEQUENCER_KEY,)), **options)

    return run


def record(outbox: Outbox, count: int, **options: Any) -> list[str]:
    return [str(outbox.record("order", f"O-{n}", "order.created", {"n": n}, **options)) for n in range(count)]


def test_batches_and_their_receipts_go_over_one_stream(outbox: Outbox, double: Double, send: Send) -> None:
    ids = record(outbox, 7)
    assert send(batch=3).accepted == 7
    assert (double.streams, double.pushes, double.bodies) == (1, 3, [])
    assert double.order == ids == [str(item.event_id) for item in outbox.receipts()]
    assert outbox.status().head_sequence == 7


@pytest.mark.parametrize(
    "options",
    [
        {"created_at": "2026-01-02T03:04:05Z"},
        {"created_at": "2026-01-02T03:04:05.000+00:00"},
        {"base_version": 0},
    ],
    ids=["a Z", "zeros", "version 0"],
)
def test_an_event_that_grpc_would_change_goes_over_http(
    outbox: Outbox, double: Double, send: Send, options: Any
) -> None:
    record(outbox, 1, **options)
    assert send().accepted == 1
    assert (double.pushes, len(double.bodies)) == (0, 1)


def test_every_time_of_a_record_is_spelled_as_grpc_keeps_it(
    outbox: Outbox, double: Double, send: Send, monkeypatch: Any
) -> None:
    for micros in (0, 120_000, 123_450):
        monkeypatch.setattr(
            "ves_client.outbox_rows.time.time_ns", lambda at=micros: (1_767_000_000_000_000 + at) * 1000
        )
        record(outbox, 1)
    monkeypatch.undo()
    assert send().accepted == 3
    assert (double.pushes, double.bodies) == (1, [])


def test_refusals_and_replays_are_told_by_http_in_its_words(
    outbox: Outbox, double: Double, send: Send
) -> None:
    record(outbox, 3)
    double.refuse = lambda event: "version_conflict: expected 4" if event["entity_id"] == "O-1" else None
    done = send()
    assert (done.replayed, done.refused) == (2, 1)
    assert outbox.refused()[0].reason == "version_conflict: expected 4"


def test_a_receipt_that_is_not_signed_yet_is_asked_for_over_http(
    outbox: Outbox, double: Double, send: Send
) -> None:
    record(outbox, 2)
    double.unsealed = {2}
    assert send().replayed == 2
    assert [len(double.bodies), double.pushes] == [1, 1]


def test_a_receipt_that_does_not_verify_is_refused(outbox: Outbox, double: Double, target: str) -> None:
    record(outbox, 1)
    with (
        Sequencer(double.url, "ss_x") as sequencer,
        GrpcSync(target, "ss_x", sequencer) as stream,
        pytest.raises(ClientError, match="does not verify"),
    ):
        push(outbox, stream, Trust((AGENT.public_key,)))
    assert list(outbox.receipts()) == []


def test_http_serves_while_the_stream_is_away(outbox: Outbox, double: Double) -> None:
    ids = record(outbox, 4)
    with (
        Sequencer(double.url, "ss_x") as sequencer,
        GrpcSync(f"127.0.0.1:{free_port()}", "ss_x", sequencer) as stream,
    ):
        assert push(outbox, stream, Trust((SEQUENCER_KEY,)), batch=2).accepted == 4
    assert double.order == ids
    assert len(double.bodies) == 2


def test_a_lost_answer_is_fetched_over_http_and_nothing_doubled(
    outbox: Outbox, double: Double, send: Send
) -> None:
    ids = record(outbox, 4)
    double.fault = lambda it: "lose answer" if it.pushes == 1 and not it.bodies else None
    done = send(batch=2)
    assert (done.accepted, done.replayed) == (2, 2)
    assert double.order == ids


def test_a_server_that_does_not_answer_costs_the_timeout_once(
    outbox: Outbox, double: Double, send: Send
) -> None:
    record(outbox, 4)
    is_over = threading.Event()
    double.before_window = lambda: is_over.wait(DEADLINE_SECS)
    done = send(batch=2, timeout=0.2)
    is_over.set()
    assert (done.accepted + done.replayed, double.pushes, len(double.bodies)) == (4, 1, 2)


def test_the_wait_of_a_rate_limit_is_kept_and_the_stream_goes_on(
    outbox: Outbox, double: Double, send: Send, monkeypatch: Any
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("ves_client.grpc_sync.time.sleep", waits.append)
    record(outbox, 2)
    double.busy = [(429, {"retry-after": "7"})]
    assert send(batch=1).accepted == 2
    assert (waits, double.streams, double.bodies) == ([7.0], 2, [])


def test_a_message_beyond_the_servers_limit_goes_over_http(
    outbox: Outbox, double: Double, send: Send
) -> None:
    for n in range(5):
        outbox.record("order", f"O-{n}", "order.created", "x" * 1_000_000)
    assert send().accepted == 5
    assert (double.pushes, len(double.bodies)) == (0, 1)


def test_a_sealed_event_goes_over_the_stream_as_it_was_signed(outbox: Outbox) -> None:
    outbox.record("order", "O", "order.created", {}, recipients={7: hpke.public_key(bytes(range(32)))})
    request = push_request(AGENT.agent_id, [outbox.pending(1, 1)[0].envelope])
    assert request is not None
    assert (request.tenant_id, request.store_id) == (str(TENANT), str(STORE))
    (event,) = request.events
    assert (event.payload, event.payload_encrypted.recipients[0].recipient_kid) == (b"", 7)
