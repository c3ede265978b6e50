"""Batches and their receipts over one SyncStream (grpc-api 3.4), for `push`; needs the extra `grpc`.

An answer to a gRPC push has no receipts: they come with the events of the numbers that it names. Whatever this cannot tell
as HTTP does goes over HTTP instead, which is safe because an exact replay returns the original receipts (VES 14.2).
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

import grpc
import msgspec

from ves import json_decode
from ves.encrypted import PayloadEncrypted, grpc_members
from ves.timestamps import grpc_text, rfc3339_micros
from ves_client.gen import v2_pb2 as v2
from ves_client.grpc_events import SERVICE, GrpcEvents, receipt_text
from ves_client.pulled_rows import StoredEnvelope
from ves_client.sequencer import ATTEMPTS, IngestAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from ves_client.sequencer import Sequencer

AWAY_SECONDS = 30.0  # for which HTTP serves after gRPC has failed
MESSAGE_BYTES = 4 * 1024 * 1024 - 1024  # the server takes messages of 4 MiB
WINDOW_EVENTS = 1000
ANSWERS = frozenset({"push_response", "pull_response"})
MICROS = 1_000_000


class StreamLostError(Exception):
    """The stream ended, or did not answer in time; `retry_after` is in seconds, 0 if the server named none."""

    def __init__(self, retry_after: float = 0.0) -> None:
        super().__init__("the SyncStream was lost")
        self.retry_after = retry_after


class SyncCall:
    """One open SyncStream. Answers come in the order of the requests; live events between them are skipped."""

    def __init__(self, method: grpc.StreamStreamMultiCallable, metadata: Any) -> None:
        self._requests: queue.SimpleQueue[v2.SyncMessage | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[v2.SyncMessage | StreamLostError] = queue.SimpleQueue()
        self._call = method(iter(self._requests.get, None), metadata=metadata)
        threading.Thread(target=self._read, name="ves-sync-stream", daemon=True).start()

    def ask(self, request: v2.SyncMessage, ends: float) -> v2.SyncMessage:
        """Send a request and return its answer. StreamLostError if that has not come by `ends` (monotonic clock)."""
        self._requests.put(request)
        try:
            answer = self._answers.get(timeout=max(0.0, ends - time.monotonic()))
        except queue.Empty:
            raise StreamLostError from None
        if isinstance(answer, StreamLostError):
            raise answer
        return answer

    def close(self) -> None:
        """End the call; an answer that is still to come is lost."""
        self._requests.put(None)
        self._call.cancel()

    def _read(self) -> None:
        lost = StreamLostError()
        try:
            for message in self._call:
                if message.WhichOneof("message") in ANSWERS:
                    self._answers.put(message)
        except grpc.RpcError as error:
            lost = StreamLostError(_retry_after(error))
        self._answers.put(lost)


class GrpcSync(GrpcEvents):
    """A `Sink` for `push` and a `Source` for `pull`: SyncStream, and HTTP (`sequencer`) where that cannot serve.

    A batch goes over HTTP if gRPC is not reachable or refuses it, if its message would be too long, if an event cannot be
    told over gRPC (another spelling of `created_at`, `base_version` 0), if not every event was accepted (HTTP names
    refusals and the receipts of replays), or if a receipt is not signed yet. After a lost stream HTTP serves for 30 s. The
    wait of `retry-after` is kept if it fits into `timeout` seconds. Thread-safe.
    """

    def __init__(self, target: str, api_key: str, sequencer: Sequencer, *, timeout: float = 30.0) -> None:
        super().__init__(target, api_key, sequencer, timeout=timeout)
        self._sequencer = sequencer
        self._method = self._channel.stream_stream(
            SERVICE + "SyncStream",
            request_serializer=v2.SyncMessage.SerializeToString,
            response_deserializer=v2.SyncMessage.FromString,
        )
        self._lock = threading.Lock()
        self._open: SyncCall | None = None
        self._away_until = 0.0

    def __exit__(self, *details: object) -> None:
        self._hang_up()
        super().__exit__(*details)

    def ingest(self, agent_id: UUID, envelopes: Sequence[bytes]) -> IngestAnswer:
        """Send signed envelopes (JSON texts) of one agent and stream; the answer is that of HTTP (VES 14.3)."""
        answer = None
        request = push_request(agent_id, envelopes) if time.monotonic() >= self._away_until else None
        if request is not None and request.ByteSize() <= MESSAGE_BYTES:
            with self._lock:
                answer = self._ask_patiently(request)
        return answer or self._sequencer.ingest(agent_id, envelopes)

    def _ask_patiently(self, request: v2.PushRequest) -> IngestAnswer | None:
        """Ask, again after the wait of a rate limit; None if HTTP has to be asked."""
        ends = time.monotonic() + self._timeout
        for _ in range(ATTEMPTS):
            try:
                return self._ask(request, ends)
            except StreamLostError as lost:
                self._hang_up()
                if not lost.retry_after or time.monotonic() + lost.retry_after >= ends:
                    break
                time.sleep(lost.retry_after)
        self._away_until = time.monotonic() + AWAY_SECONDS
        return None

    def _ask(self, request: v2.PushRequest, ends: float) -> IngestAnswer | None:
        if self._open is None:
            self._open = SyncCall(self._method, self._metadata)
        pushed = self._open.ask(v2.SyncMessage(push=request), ends).push_response
        first, last, count = int(pushed.sequence_start), int(pushed.sequence_end), len(request.events)
        if pushed.events_accepted != count or last - first + 1 != count:
            return None
        receipts: dict[str, msgspec.Raw] = {}
        while first <= last:
            window = self._open.ask(_pull_message(request, first, last), ends).pull_response
            for event in window.events:
                if signature := event.receipt_signature_bundle.ed25519_signature:
                    receipts[event.envelope.event_id] = msgspec.Raw(receipt_text(event, signature))
            if window.next_sequence <= first:
                return None
            first = int(window.next_sequence)
        wanted = [event.event_id for event in request.events]
        if not receipts.keys() >= set(wanted):
            return None
        found = [receipts[event_id] for event_id in wanted]
        return IngestAnswer(count, 0, int(pushed.head_sequence), receipts=found)

    def _hang_up(self) -> None:
        if self._open:
            self._open.close()
        self._open = None


def push_request(agent_id: UUID, envelopes: Sequence[bytes]) -> v2.PushRequest | None:
    """Build the message of a batch; None if an envelope says something that a gRPC envelope does not (grpc-api 3.2)."""
    events = [json_decode.decode(text, type=StoredEnvelope) for text in envelopes]
    messages = [_envelope(event) for event in events]
    if None in messages:
        return None
    stream = {"tenant_id": str(events[0].tenant_id), "store_id": str(events[0].store_id)}
    return v2.PushRequest(agent_id=str(agent_id), events=filter(None, messages), **stream)


def _pull_message(request: v2.PushRequest, first: int, last: int) -> v2.SyncMessage:
    return v2.SyncMessage(
        pull=v2.PullEventsRequest(
            tenant_id=request.tenant_id,
            store_id=request.store_id,
            from_sequence=first,
            limit=min(WINDOW_EVENTS, last - first + 1),
        )
    )


def _retry_after(error: Any) -> float:
    with contextlib.suppress(TypeError, ValueError):
        return float(dict(error.trailing_metadata() or ()).get("retry-after", 0))
    return 0.0


def _envelope(event: StoredEnvelope) -> v2.EventEnvelope | None:
    seconds, micros = divmod(rfc3339_micros(event.created_at) or 0, MICROS)
    if grpc_text(seconds, micros * 1000) != event.created_at or event.base_version == 0:
        return None
    message = v2.EventEnvelope(
        event_id=str(event.event_id),
        command_id=str(event.command_id) if event.command_id else "",
        tenant_id=str(event.tenant_id),
        store_id=str(event.store_id),
        entity_type=event.entity_type,
        entity_id=event.entity_id,
        event_type=event.event_type,
        source_agent=str(event.source_agent_id),
        ves_version=event.ves_version,
        payload_kind=v2.PAYLOAD_KIND_PLAINTEXT,
        payload=bytes(event.payload),
        payload_plain_hash=event.plain_hash,
        payload_cipher_hash=event.cipher_hash,
        agent_key_id=event.agent_key_id,
        agent_signature=event.signature(),
        base_version=event.base_version,
    )
    message.created_at.seconds, message.created_at.nanos = seconds, micros * 1000
    if event.payload_kind:
        message.payload_kind = v2.PAYLOAD_KIND_ENCRYPTED
        sealed = json_decode.decode(event.payload_encrypted, type=PayloadEncrypted)
        message.payload_encrypted.CopyFrom(v2.EncryptedPayload(**grpc_members(sealed)))
    return message
