"""HTTP client of the sequencer: one method per route; only idempotent requests are retried."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from typing import Any, Self, TypeVar
from uuid import UUID

import httpx
import msgspec
import orjson

from ves import json_decode
from ves.errors import ProtocolError
from ves.receipts import Receipt, decode_receipt
from ves_client.bounded import BoundedClient
from ves_client.errors import ClientError, Exit, check_failed, usage
from ves_client.evidence import ABSENT, CommitmentRecord, Proof

Json = dict[str, Any]
T = TypeVar("T")

RETRY_STATUSES = frozenset({429, 502, 503, 504})
ATTEMPTS = 5
FIRST_WAIT = 0.2  # seconds; doubled with each attempt, plus jitter
LONGEST_WAIT = 3.0  # unless `retry-after` names a longer one
CLIENT_ERROR = 400
POLL_SECONDS = 1.0
BODY_LIMIT = 8 * 1024 * 1024
ANSWER_LIMIT = 32 * 1024 * 1024  # bytes; the longest answers of the API end at 16 MiB


class Rejection(msgspec.Struct, frozen=True):
    """Why one event of a batch was refused (VES 14.3)."""

    event_id: UUID
    reason: str
    message: str


class IngestAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """The response to a batch (VES 14.3); receipts are kept as their original JSON text."""

    events_accepted: int
    events_rejected: int
    head_sequence: int
    sequence_start: int | None = None
    sequence_end: int | None = None
    rejections: list[Rejection] = []
    receipts: list[msgspec.Raw] = []

    def decoded(self) -> list[tuple[Receipt, bytes]]:
        """Each receipt with its JSON text. Exit code 1 when one is malformed."""
        try:
            return [(decode_receipt(bytes(text)), bytes(text)) for text in self.receipts]
        except ProtocolError as error:
            raise check_failed(f"the server sent a malformed receipt: {error}") from error


class Recipient(msgspec.Struct, frozen=True, rename="camel"):
    """A member's current key: `key_id` is the `recipient_kid` of a sealed payload (VES 8)."""

    agent_id: UUID
    key_id: int
    x25519_public_key: str | None = None


class Recipients(msgspec.Struct, frozen=True, rename="camel"):
    """The members of an encryption group by key number, and the members without a usable key."""

    recipients: list[Recipient]
    without_key: list[UUID]


class NumberedEvent(msgspec.Struct, frozen=True):
    """An event of the stream under its number, members as their JSON text; without `receipt` until that is signed."""

    sequence_number: int
    event: msgspec.Raw
    receipt: msgspec.Raw = ABSENT
    payload_shredded: bool = False


class EventWindow(msgspec.Struct, frozen=True):
    """A window of a stream; the next one begins at `next_sequence`."""

    events: list[NumberedEvent]
    next_sequence: int
    head_sequence: int


class Schemas(msgspec.Struct, frozen=True):
    """Versions of a schema as JSON values; `has_more` if the list was cut before the oldest ones (http-api 8)."""

    schemas: list[Json]
    has_more: bool = False


class PublicKeys(msgspec.Struct, frozen=True, rename="camel"):
    """The members of a key bundle that verify signatures (VES 6.4), in hex."""

    ed25519_public_key: str | None = None
    ml_dsa_65_public_key: str | None = None


class DirectoryKey(msgspec.Struct, frozen=True, rename="camel"):
    """A public key of an agent as the sequencer names it (VES 6.2), in hex."""

    key_id: int
    key_type: str
    key_algorithm: int
    public_key: str
    public_key_bundle: PublicKeys | None = None


class _AgentKeys(msgspec.Struct):
    keys: list[DirectoryKey]


class _Commitments(msgspec.Struct):
    commitments: list[CommitmentRecord]
    has_more: bool = False


def refusal(response: httpx.Response) -> ClientError:
    """Turn an error answer into exit code 4 with the server's own code, message and request id."""
    try:
        body = orjson.loads(response.content)["error"]
        code, message = str(body["code"]), str(body["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        body, code, message = (
            {},
            f"http_{response.status_code}",
            response.text[:200] or response.reason_phrase,
        )
    details = {"http_status": response.status_code, **(body.get("details") or {})}
    if request_id := body.get("request_id"):
        details["request_id"] = request_id
    return ClientError(Exit.REFUSED, code, message, details)


def retry_after(response: httpx.Response) -> float:
    """Return the seconds of `retry-after`; 0 if there is none or it is a date, which this API does not send."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


class Sequencer:
    """A client of one API with one key. Thread-safe; every method may raise ClientError (exit codes 3 and 4).

    A call ends within `timeout` seconds, retries and the waits of `retry-after` included.
    """

    def __init__(
        self, url: str, api_key: str | None, *, attempts: int = ATTEMPTS, timeout: float = 60.0
    ) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise usage(f"{url!r} is not a URL: {error}") from error
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise usage(f"{url!r} is not an http or https URL")
        self._url = url
        self._attempts = attempts
        self._timeout = timeout
        headers = {"authorization": f"ApiKey {api_key}"} if api_key else {}
        self._client = BoundedClient(url, headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ingest(self, agent_id: UUID, envelopes: Sequence[bytes]) -> IngestAnswer:
        """POST signed envelopes (JSON texts) of one agent and stream (http-api 2.2).

        Idempotent, therefore retried after a lost connection: exact replays return the stored receipts.
        """
        body = b'{"agentId":"%b","events":[%b]}' % (str(agent_id).encode(), b",".join(envelopes))
        return self._decode(self._request("POST", "/api/v1/ves/events/ingest", body=body), IngestAnswer)

    def list_events(self, tenant_id: UUID, store_id: UUID, first: int, limit: int) -> EventWindow:
        """GET the events numbered `first` to `first + limit - 1` with their receipts (VES 3, 11)."""
        query = {
            "tenant_id": str(tenant_id),
            "store_id": str(store_id),
            "from": str(first),
            "limit": str(limit),
        }
        return self._decode(self._request("GET", "/api/v1/ves/events", query=query), EventWindow)

    def wait_for(self, _tenant_id: UUID, _store_id: UUID, _number: int, stop: threading.Event) -> None:
        """Return after a second: over HTTP a follower asks again. `GrpcEvents` has the same method."""
        stop.wait(POLL_SECONDS)

    def list_agent_keys(self, tenant_id: UUID, agent_id: UUID) -> list[DirectoryKey]:
        """GET the public keys of an agent, revoked ones too (http-api 7.2)."""
        query = {"tenantId": str(tenant_id)}
        answer = self._request("GET", f"/api/v1/agents/{agent_id}/keys", query=query)
        return self._decode(answer, _AgentKeys).keys

    def register_agent_key(
        self,
        tenant_id: UUID,
        agent_id: UUID,
        key_id: int,
        public_key: bytes,
        algorithm: int = 1,
        /,
        **window: str,
    ) -> Json:
        """POST an agent key, Ed25519 or (algorithm 2) X25519 (http-api 7.2); not retried: a repeat is refused."""
        document = {
            "tenantId": tenant_id,
            "agentId": agent_id,
            "keyId": key_id,
            "publicKey": "0x" + public_key.hex(),
            "keyAlgorithm": algorithm,
            **window,
        }
        return self._send(dict, "POST", "/api/v1/agents/keys", body=orjson.dumps(document), repeatable=False)

    def rotate_agent_key(
        self,
        tenant_id: UUID,
        agent_id: UUID,
        key_id: int,
        new_key_id: int,
        public_key: bytes,
        grace_seconds: int | None = None,
    ) -> Json:
        """POST a rotation of an agent's key (http-api 7.2): the old one verifies for a grace period; not retried.

        Without `grace_seconds` the tenant's policy decides how long it is.
        """
        document: Json = {"tenantId": tenant_id, "newKeyId": new_key_id, "publicKey": "0x" + public_key.hex()}
        if grace_seconds is not None:
            document["gracePeriodSeconds"] = grace_seconds
        path = f"/api/v1/agents/{agent_id}/keys/{key_id}/rotate"
        return self._send(dict, "POST", path, body=orjson.dumps(document), repeatable=False)

    def revoke_agent_key(self, tenant_id: UUID, agent_id: UUID, key_id: int) -> Json:
        """DELETE (revoke) an agent's key; effective at once in every process."""
        query = {"tenantId": str(tenant_id)}
        return self._send(dict, "DELETE", f"/api/v1/agents/{agent_id}/keys/{key_id}", query=query)

    def list_recipients(self, tenant_id: UUID, group_id: UUID) -> Recipients:
        """GET the members of an encryption group with their current keys (VES 8)."""
        path = f"/api/v1/encryption-groups/{group_id}/recipients"
        return self._decode(self._request("GET", path, query={"tenantId": str(tenant_id)}), Recipients)

    def list_schemas(self, tenant_id: UUID, event_type: str) -> Schemas:
        """GET the versions of an event type's schema, newest first (http-api 8)."""
        path = f"/api/v1/schemas/event-type/{event_type}"
        return self._decode(self._request("GET", path, query={"tenant_id": str(tenant_id)}), Schemas)

    def register_schema(self, tenant_id: UUID, event_type: str, schema: Json) -> Json:
        """POST the next version of an event type's schema (http-api 8); not retried, because each makes a version."""
        document = {"tenantId": tenant_id, "eventType": event_type, "schemaJson": schema}
        return self._send(dict, "POST", "/api/v1/schemas", body=orjson.dumps(document), repeatable=False)

    def create_commitment(self, tenant_id: UUID, store_id: UUID, first: int, last: int) -> Json:
        """POST a commitment of first..last (http-api 5); idempotent: a repeat returns the stored one."""
        document = {
            "tenant_id": tenant_id,
            "store_id": store_id,
            "sequence_start": first,
            "sequence_end": last,
        }
        return self._send(CommitmentRecord, "POST", "/api/v1/ves/commitments", body=orjson.dumps(document))

    def list_commitments(self, tenant_id: UUID, store_id: UUID) -> list[Json]:
        """GET the commitments of a stream that are not on a chain, page by page (http-api 5)."""
        query = {"tenant_id": str(tenant_id), "store_id": str(store_id)}
        found: list[Json] = []
        after, has_more = 0, True
        while has_more:
            page = self._send(_Commitments, "GET", "/api/v1/ves/commitments", query=query)
            found += page["commitments"]
            end = max((commitment["sequence_end"] for commitment in page["commitments"]), default=0)
            has_more = page.get("has_more", False) and end > after
            query["after"] = str(after := end)
        return found

    def get_commitment(self, batch_id: UUID) -> Json:
        """GET one commitment (http-api 5)."""
        return self._send(CommitmentRecord, "GET", f"/api/v1/ves/commitments/{batch_id}")

    def get_proof(self, tenant_id: UUID, store_id: UUID, sequence_number: int, batch_id: UUID) -> Json:
        """GET the inclusion proof of a number in a commitment (http-api 5)."""
        query = {"tenant_id": str(tenant_id), "store_id": str(store_id), "batch_id": str(batch_id)}
        return self._send(Proof, "GET", f"/api/v1/ves/proofs/{sequence_number}", query=query)

    def submit_payment(self, intent: bytes) -> Json:
        """POST a signed payment intent (http-api 10); idempotent by its key: a repeat returns the stored one."""
        return self._send(dict, "POST", "/api/v1/x402/payments", body=intent)

    def get_payment(self, intent_id: UUID) -> Json:
        """GET the state of a payment intent (http-api 10)."""
        return self._send(dict, "GET", f"/api/v1/x402/payments/{intent_id}")

    def compliance_inputs(self, event_id: UUID, policy: Json) -> Json:
        """POST a policy (`policyId`, `policyParams`); returns the public inputs of a proof under it (http-api 5.2)."""
        path = f"/api/v1/ves/compliance/{event_id}/inputs"
        return self._send(dict, "POST", path, body=orjson.dumps(policy))

    def submit_compliance_proof(self, event_id: UUID, submission: Json) -> Json:
        """POST a compliance proof; idempotent: a repeat returns the stored one (http-api 5.2)."""
        path = f"/api/v1/ves/compliance/{event_id}/proofs"
        return self._send(dict, "POST", path, body=orjson.dumps(submission))

    def verify_compliance_proof(self, proof_id: UUID) -> Json:
        """GET the verdict on a stored compliance proof (http-api 5.2)."""
        return self._send(dict, "GET", f"/api/v1/ves/compliance/proofs/{proof_id}/verify")

    def _send(self, shape: type, method: str, path: str, **options: Any) -> Json:
        """Send a request and return the response as JSON after checking its shape."""
        content = self._request(method, path, **options)
        self._decode(content, shape)
        answer: Json = orjson.loads(content)
        return answer

    def _decode(self, content: bytes, shape: type[T]) -> T:
        try:
            return json_decode.decode(content, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = f"{self._url} does not answer like a sequencer: {error}"
            raise ClientError(Exit.UNREACHABLE, "unreachable", message) from error

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        query: dict[str, str] | None = None,
        repeatable: bool = True,
    ) -> bytes:
        headers = {"content-type": "application/json"} if body is not None else {}
        attempts = self._attempts if repeatable else 1
        ends = time.monotonic() + self._timeout
        for attempt in range(1, attempts + 1):
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1)) + random.uniform(0, FIRST_WAIT)  # noqa: S311 - jitter
            try:
                response = self._client.send(
                    *(method, path),
                    body=body,
                    headers=headers,
                    params=query,
                    limit=ANSWER_LIMIT,
                    seconds=ends - time.monotonic(),
                )
            except httpx.RequestError as error:
                if attempt == attempts or time.monotonic() + wait >= ends:
                    message = f"{self._url} is not reachable: {error or type(error).__name__}"
                    raise ClientError(Exit.UNREACHABLE, "unreachable", message) from error
            else:
                wait = max(wait, retry_after(response))
                last = attempt == attempts or time.monotonic() + wait >= ends
                if response.status_code not in RETRY_STATUSES or last:
                    break
            time.sleep(wait)
        if response.status_code >= CLIENT_ERROR:
            raise refusal(response)
        return response.content
