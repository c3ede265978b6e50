"""Events of the stream over gRPC (grpc-api 3.3, 3.4), for `pull` and `follow`; needs the extra `grpc`.

Windows come by PullEvents; StreamEvents only tells that there is something to pull, so both transports take the same
checks. A window is asked for over HTTP instead when gRPC is not reachable, and when an event's `created_at` was signed in
another spelling than a Timestamp keeps (VES 3.1).

Windows over an open SyncStream are not faster: a window of 500 events took 0.9 to 1.1 times as long as by PullEvents (four
runs, turn by turn), and a pull is limited by the two signatures that it verifies for each event, not by the transport.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

import grpc
import msgspec
import orjson

from ves import digests, encrypted, json_decode
from ves.codec import b64u_encode
from ves.encrypted import HpkeSuite, PayloadEncrypted, WireRecipient
from ves.errors import ProtocolError
from ves.timestamps import grpc_text
from ves_client.errors import ClientError, Exit, check_failed
from ves_client.evidence import Envelope
from ves_client.gen import v2_pb2 as v2
from ves_client.sequencer import EventWindow, NumberedEvent

if TYPE_CHECKING:
    from threading import Event

    from ves_client.pull import Source

SERVICE = "/stateset.sequencer.v2.Sequencer/"
UNREACHABLE = frozenset(
    {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNIMPLEMENTED}
)
NO_SEQUENCER = UUID(int=0)
MESSAGE_LIMIT = 16 * 1024 * 1024  # bytes; the server's messages end at 4 MiB
WATCH_SECONDS = 5.0  # how late a `stop` may be noticed
OPTIONS = (("grpc.max_receive_message_length", MESSAGE_LIMIT), ("grpc.keepalive_time_ms", 60_000))


class GrpcEvents:
    """A `Source`. `target` is host:port, with `https://` before it for TLS; `fallback` is the same API over HTTP."""

    def __init__(self, target: str, api_key: str, fallback: Source, *, timeout: float = 30.0) -> None:
        address = target.removeprefix("https://")
        if address == target:
            self._channel = grpc.insecure_channel(address, OPTIONS)
        else:
            self._channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(), OPTIONS)
        self._fallback = fallback
        self._timeout = timeout
        self._metadata = (("x-api-key", api_key),)
        self._pull = self._channel.unary_unary(
            SERVICE + "PullEvents",
            request_serializer=v2.PullEventsRequest.SerializeToString,
            response_deserializer=v2.PullEventsResponse.FromString,
        )
        self._stream = self._channel.unary_stream(
            SERVICE + "StreamEvents",
            request_serializer=v2.StreamEventsRequest.SerializeToString,
            response_deserializer=v2.SequencedEvent.FromString,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def list_events(self, tenant_id: UUID, store_id: UUID, first: int, limit: int) -> EventWindow:
        """Return a window by PullEvents, or from the fallback. ClientError with exit code 4 if the call is refused."""
        request = v2.PullEventsRequest(
            tenant_id=str(tenant_id), store_id=str(store_id), from_sequence=first, limit=limit
        )
        try:
            answer = self._pull(request, metadata=self._metadata, timeout=self._timeout)
        except grpc.RpcError as error:
            if error.code() not in UNREACHABLE:
                raise _refusal(error) from error
            return self._fallback.list_events(tenant_id, store_id, first, limit)
        try:
            events = [_numbered(message) for message in answer.events]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ProtocolError, TypeError) as error:
            raise check_failed(f"the server sent a malformed event: {error}") from error
        if None in events:
            return self._fallback.list_events(tenant_id, store_id, first, limit)
        return EventWindow(
            [event for event in events if event], int(answer.next_sequence), int(answer.head_sequence)
        )

    def wait_for(self, tenant_id: UUID, store_id: UUID, number: int, stop: Event) -> None:
        """Return when an event from this number on exists, and after five seconds without one.

        While gRPC is not reachable it waits as the fallback does.
        """
        request = v2.StreamEventsRequest(
            tenant_id=str(tenant_id), store_id=str(store_id), from_sequence=number, include_history=True
        )
        call = self._stream(request, metadata=self._metadata, timeout=WATCH_SECONDS)
        try:
            next(call, None)
        except grpc.RpcError as error:
            if error.code() not in UNREACHABLE:
                raise _refusal(error) from error
            if error.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                self._fallback.wait_for(tenant_id, store_id, number, stop)
        finally:
            call.cancel()


def _refusal(error: Any) -> ClientError:
    """Turn a status into exit code 4 with the server's own code and message (grpc-api 1.3)."""
    trailing = dict(error.trailing_metadata() or ())
    code = str(trailing.get("x-error-code") or error.code().name)
    return ClientError(Exit.REFUSED, code, error.details() or "", {"grpc_status": error.code().name})


def _numbered(message: v2.SequencedEvent) -> NumberedEvent | None:
    """Convert an event to the form of HTTP; None if its hash needs another spelling of `created_at`."""
    envelope = message.envelope
    content: dict[str, Any] = {}
    if envelope.payload_kind == v2.PAYLOAD_KIND_ENCRYPTED:
        content = {
            "payload_kind": 1,
            "payload_encrypted": orjson.Fragment(_sealed(envelope.payload_encrypted)),
        }
    else:
        content = {"payload_kind": 0}
        if envelope.payload:
            content["payload"] = orjson.Fragment(envelope.payload)
    document: dict[str, Any] = {
        "ves_version": envelope.ves_version,
        "event_id": envelope.event_id,
        "tenant_id": envelope.tenant_id,
        "store_id": envelope.store_id,
        "source_agent_id": envelope.source_agent,
        "agent_key_id": envelope.agent_key_id,
        "entity_type": envelope.entity_type,
        "entity_id": envelope.entity_id,
        "event_type": envelope.event_type,
        "created_at": grpc_text(envelope.created_at.seconds, envelope.created_at.nanos),
        "payload_plain_hash": envelope.payload_plain_hash.hex(),
        "payload_cipher_hash": envelope.payload_cipher_hash.hex(),
        "agent_signature": envelope.agent_signature.hex(),
        "agent_signature_scheme": int(envelope.agent_signature_scheme),
        **content,
        **_optional(envelope),
    }
    text = orjson.dumps(document)
    if not _hashes_to(text, message):
        return None
    is_shredded = envelope.payload_kind == v2.PAYLOAD_KIND_PLAINTEXT and not envelope.payload
    signature = message.receipt_signature_bundle.ed25519_signature
    receipt = receipt_text(message, signature) if signature else b""
    return NumberedEvent(int(message.sequence_number), msgspec.Raw(text), msgspec.Raw(receipt), is_shredded)


def _optional(envelope: v2.EventEnvelope) -> dict[str, Any]:
    """Return the members that may be absent; a version of 0 and none are the same number over gRPC."""
    found: dict[str, Any] = {}
    if envelope.command_id:
        found["command_id"] = envelope.command_id
    if envelope.base_version:
        found["base_version"] = int(envelope.base_version)
    if envelope.HasField("agent_signature_bundle"):
        bundle = envelope.agent_signature_bundle
        found["agent_signature_bundle"] = {
            "ed25519_signature": list(bundle.ed25519_signature) or None,
            "ml_dsa_65_signature": list(bundle.ml_dsa_65_signature) or None,
        }
    return found


def _hashes_to(text: bytes, message: v2.SequencedEvent) -> bool:
    """Whether the event as it is spelled here has the receipt hash of the message (VES 11)."""
    event = json_decode.decode(text, type=Envelope)
    digest = digests.receipt_hash(
        event.tenant_id, event.store_id, event.event_id, message.sequence_number, event.signing_hash()
    )
    return digest == message.receipt_hash


def receipt_text(message: v2.SequencedEvent, signature: bytes) -> bytes:
    """Return the receipt of an event in the form of HTTP; a message does not name the sequencer (VES 11)."""
    return orjson.dumps(
        {
            "sequencerId": NO_SEQUENCER,
            "eventId": message.envelope.event_id,
            "sequenceNumber": int(message.sequence_number),
            "sequencedAt": grpc_text(message.sequenced_at.seconds, message.sequenced_at.nanos),
            "receiptHash": message.receipt_hash.hex(),
            "signatureAlg": "ed25519",
            "sequencerSignature": signature.hex(),
            "sequencerKeyVersion": 0,
            "receiptSignatureScheme": 1,
        }
    )


def _sealed(message: v2.EncryptedPayload) -> bytes:
    return encrypted.encode(
        PayloadEncrypted(
            enc_version=message.enc_version,
            aead=message.aead,
            nonce_b64u=b64u_encode(message.nonce),
            ciphertext_b64u=b64u_encode(message.ciphertext),
            tag_b64u=b64u_encode(message.tag),
            hpke=HpkeSuite(message.hpke.mode, message.hpke.kem, message.hpke.kdf, message.hpke.aead),
            recipients=[
                WireRecipient(
                    recipient.recipient_kid,
                    b64u_encode(recipient.ephemeral_public_key),
                    b64u_encode(recipient.wrapped_dek),
                )
                for recipient in message.recipients
            ],
        )
    )
