"""The sequencer double behind a SyncStream (grpc-api 3.4), beside its HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

from tests.client.double import Double, Json, receipt_for
from ves.timestamps import grpc_text
from ves_client.gen import v2_pb2 as v2
from ves_client.grpc_events import SERVICE


@contextmanager
def serving_grpc(double: Double) -> Iterator[str]:
    """Serve a double's SyncStream on a port of the loopback interface; yields host:port.

    Its `fault` decides here too: it is asked for each push. `streams` of the double counts the calls.
    """

    def serve(requests: Iterator[v2.SyncMessage], context: grpc.ServicerContext) -> Iterator[v2.SyncMessage]:
        double.streams += 1
        for message in requests:
            if message.WhichOneof("message") == "push":
                with double.lock:
                    answer = _answer(double, message.push)
                if isinstance(answer, tuple):
                    context.set_trailing_metadata((("retry-after", answer[1]),) if answer[1] else ())
                    context.abort(answer[0], "told by the double")
                yield v2.SyncMessage(push_response=answer)
            elif message.WhichOneof("message") == "pull":
                double.before_window()
                with double.lock:
                    window = double.window(message.pull.from_sequence, message.pull.limit)
                yield v2.SyncMessage(pull_response=_window(window))

    handler = grpc.stream_stream_rpc_method_handler(
        serve,
        request_deserializer=v2.SyncMessage.FromString,
        response_serializer=v2.SyncMessage.SerializeToString,
    )
    server = grpc.server(ThreadPoolExecutor(16))
    service = SERVICE.strip("/")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"SyncStream": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def _answer(double: Double, push: v2.PushRequest) -> v2.PushResponse | tuple[grpc.StatusCode, str]:
    """The answer to a push; a status and its retry-after end the call."""
    double.pushes += 1
    if double.busy:
        return grpc.StatusCode.RESOURCE_EXHAUSTED, double.busy.pop(0)[1].get("retry-after", "")
    fault = double.fault(double)
    if fault == "lose":
        return grpc.StatusCode.UNAVAILABLE, ""
    before = len(double.order)
    told = double.ingest({"events": [_document(event) for event in push.events]})
    if fault == "lose answer":
        return grpc.StatusCode.UNAVAILABLE, ""
    first = before + 1 if told["eventsAccepted"] else 0
    return v2.PushResponse(
        events_accepted=told["eventsAccepted"],
        events_rejected=told["eventsRejected"],
        sequence_start=first,
        sequence_end=len(double.order) if first else 0,
        head_sequence=told["headSequence"],
    )


def _document(event: v2.EventEnvelope) -> Json:
    """The JSON envelope that a client signs."""
    document: Json = {
        "ves_version": event.ves_version,
        "tenant_id": event.tenant_id,
        "store_id": event.store_id,
        "event_id": event.event_id,
        "source_agent_id": event.source_agent,
        "agent_key_id": event.agent_key_id,
        "entity_type": event.entity_type,
        "entity_id": event.entity_id,
        "event_type": event.event_type,
        "created_at": grpc_text(event.created_at.seconds, event.created_at.nanos),
        "payload_kind": 0,
        "payload": json.loads(event.payload),
        "payload_plain_hash": "0x" + event.payload_plain_hash.hex(),
        "payload_cipher_hash": "0x" + event.payload_cipher_hash.hex(),
        "agent_signature": "0x" + event.agent_signature.hex(),
    }
    optional: Json = {"command_id": event.command_id, "base_version": event.base_version}
    return document | {name: value for name, value in optional.items() if value}


def _window(window: Json) -> v2.PullEventsResponse:
    events = []
    for item in window["events"]:
        receipt: Any = item.get("receipt") or receipt_for(item["event"], item["sequence_number"])
        signature = bytes.fromhex(receipt["sequencerSignature"]) if "receipt" in item else b""
        message = v2.SequencedEvent(
            envelope=v2.EventEnvelope(event_id=item["event"]["event_id"]),
            sequence_number=item["sequence_number"],
            receipt_hash=bytes.fromhex(receipt["receiptHash"]),
        )
        message.sequenced_at.FromJsonString("2026-01-01T00:00:00Z")
        message.receipt_signature_bundle.ed25519_signature = signature
        events.append(message)
    return v2.PullEventsResponse(
        events=events, next_sequence=window["next_sequence"], head_sequence=window["head_sequence"]
    )
