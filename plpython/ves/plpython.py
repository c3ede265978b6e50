"""PL/Python adapter: converts SQL values, calls the library, converts results. Used by wrappers/*.sql only.

SQL arrays arrive as lists, uuid as text, bytea as bytes. An array of nulls only is returned
as null: the engine treats both alike, and PL/Python would convert every element.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from ves import audit, ed25519
from ves.canonical import jcs, plain
from ves.digests import payload_plain_hash
from ves.ingest import (
    AgentKey,
    Columns,
    IngestRequest,
    Limits,
    decode_request,
    key_id_bits,
    key_id_number,
    required_keys,
    to_columns,
    verify_signatures,
)
from ves.plpython_guard import guard  # noqa: F401 (the wrappers find it here)

T = TypeVar("T")
Cache = MutableMapping[str, Any]

_LAST_REQUEST = "ves.request"
_ID_BYTES = 16
_NIL = UUID(int=0)
_NULLABLE_AUDIT_COLUMNS = (
    "signature_bundles",
    "receipt_hashes",
    "receipt_signatures",
    "receipt_public_keys",
)
_AUDIT_COLUMNS = (
    "ids",
    "sequence_numbers",
    "ves_versions",
    "agent_key_ids",
    "entity_types",
    "entity_ids",
    "event_types",
    "created_at_texts",
    "payload_kinds",
    "payloads",
    "digests",
    "leaf_hashes",
    "signature_schemes",
    "signature_bundles",
    "key_algorithms",
    "key_public_keys",
    "key_bundles",
    "receipt_hashes",
    "receipt_signatures",
    "receipt_public_keys",
    "payloads_at_rest",
    "payload_key_ids",
    "payload_states",
)


def jcs_text(raw: str) -> str:
    """RFC 8785 form of a JSON text."""
    return jcs(raw.encode()).decode()


def plain_text(raw: str) -> str:
    """Compact form of a JSON text."""
    return plain(raw.encode()).decode()


def payload_hash(raw: str, salt: bytes | None) -> bytes:
    """`payload_plain_hash` of a JSON text."""
    return payload_plain_hash(jcs(raw.encode()), salt or b"")


def ed25519_verify_batch(
    public_keys: Sequence[bytes | None],
    messages: Sequence[bytes | None],
    signatures: Sequence[bytes | None],
) -> list[bool]:
    """Return whether each signature is valid; false for a row with a null."""
    return [
        key is not None
        and message is not None
        and signature is not None
        and ed25519.verify(key, message, signature)
        for key, message, signature in zip(public_keys, messages, signatures, strict=True)
    ]


def request_stream(cache: Cache, request: str, limits: Limits) -> tuple[str, str, str, list[int]]:
    """Return (agent_id, tenant_id, store_id, required key ids); the decoded request is cached for `prepare`."""
    decoded = decode_request(request.encode(), limits)
    cache[_LAST_REQUEST] = (request, limits, decoded)
    return (
        str(decoded.agent_id),
        str(decoded.tenant_id),
        str(decoded.store_id),
        sorted(key_id_bits(key_id) for _, key_id in required_keys(decoded.events)),
    )


def prepare(
    cache: Cache, request: str, limits: Limits, keys: Sequence[Sequence[Any] | None]
) -> tuple[Any, ...]:
    """The columns of `ves.ingest_events` with every signature verified under the given keys.

    `keys` are the parallel columns agent_ids, key_ids, algorithms, public_keys, bundles.
    """
    # The cache compares whole texts: a tenth of the cost of hashing them.
    known, known_limits, decoded = cache.pop(_LAST_REQUEST, (None, None, None))
    if known != request or known_limits != limits:
        decoded = decode_request(request.encode(), limits)
    verify_signatures(decoded.events, _keys(keys), limits.profile)
    return _pack(decoded, to_columns(decoded.events))


def _keys(columns: Sequence[Sequence[Any] | None]) -> dict[tuple[UUID, int], AgentKey]:
    found = {}
    for agent, bits, algorithm, public_key, bundle in zip(*(column or () for column in columns), strict=True):
        key = AgentKey(UUID(agent), key_id_number(bits), algorithm, public_key, bundle)
        found[key.agent_id, key.key_id] = key
    return found


def _pack(request: IngestRequest, columns: Columns) -> tuple[Any, ...]:
    agent = str(request.agent_id)
    key_id, blobs = _sealed(request)
    return (
        agent,
        str(request.tenant_id),
        str(request.store_id),
        uuids(columns.event_ids),
        uuids(columns.command_ids),
        [agent] * len(columns.event_ids),
        columns.agent_key_ids,
        columns.entity_types,
        columns.entity_ids,
        columns.event_types,
        columns.created_at_texts,
        columns.created_at_micros,
        columns.payload_kinds,
        columns.payloads,
        nullable(columns.base_versions),
        columns.signature_schemes,
        nullable(columns.signature_bundles),
        columns.digests,
        nullable(columns.refusals),
        nullable(columns.refusal_messages),
        nullable(blobs),
        None if key_id is None else [None if blob is None else key_id for blob in blobs],
    )


def _sealed(request: IngestRequest) -> tuple[bytes | None, list[bytes | None]]:
    """Return (key id, blobs) of the payloads under the key ring of the server; key id null for plaintext storage."""
    # Lazy import: only backends that ingest need the key ring, not every backend that hashes.
    from ves import plpython_at_rest, stored_payloads  # noqa: PLC0415

    key = plpython_at_rest.ring().current(request.tenant_id)
    if key is None:
        return None, [None] * len(request.events)
    return key.key_id, stored_payloads.seal_events(key, request.tenant_id, request.store_id, request.events)


def uuids(ids: Sequence[UUID | None]) -> list[str | None] | None:
    """A uuid[] for PL/Python to return; null when all are."""
    # 32 digits without hyphens: half the cost of str(UUID), and uuid_in takes them.
    return nullable([None if item is None else f"{item.int:032x}" for item in ids])


def nullable(values: list[T]) -> list[T] | None:
    """An array for PL/Python to return; null when all elements are."""
    return values if values.count(None) != len(values) else None  # type: ignore[arg-type]


def verify_events_batch(tenant_id: str, store_id: str, *columns: Any) -> list[int]:
    """`ves.audit.verify_events` over SQL columns, which come in the order of `_AUDIT_COLUMNS`."""
    given = dict(zip(_AUDIT_COLUMNS, columns, strict=True))
    none: list[None] = [None] * len(given["sequence_numbers"])
    # Ids arrive packed in bytea: a uuid[] would arrive as texts to parse.
    ids = given.pop("ids")
    starts = range(0, len(ids), 2 * _ID_BYTES)
    key_ids = [key_id_number(bits) for bits in given["agent_key_ids"]]
    # The agent id is part of the verified message, not of the key.
    keys = [
        None if public_key is None else _audited_key(algorithm, public_key, bundle)
        for algorithm, public_key, bundle in zip(
            given.pop("key_algorithms") or none,
            given.pop("key_public_keys") or none,
            given.pop("key_bundles") or none,
            strict=True,
        )
    ]
    converted = {
        "event_ids": [ids[at : at + _ID_BYTES] for at in starts],
        "agent_ids": [ids[at + _ID_BYTES : at + 2 * _ID_BYTES] for at in starts],
        "agent_key_ids": key_ids,
        **{name: given[name] or none for name in _NULLABLE_AUDIT_COLUMNS},
    }
    stream = _uuid_bytes(tenant_id) + _uuid_bytes(store_id)
    blobs, sealed_under = given.pop("payloads_at_rest"), given.pop("payload_key_ids")
    if blobs and blobs.count(None) != len(blobs):
        from ves import plpython_at_rest  # noqa: PLC0415 (as in _sealed)

        plpython_at_rest.open_for_audit(stream, {**given, **converted}, blobs, sealed_under)
    return audit.verify_events(audit.StoredEvents(stream=stream, keys=keys, **(given | converted)))


@lru_cache(256)
def _audited_key(algorithm: int, public_key: bytes, bundle: bytes | None) -> AgentKey:
    return AgentKey(_NIL, 0, algorithm, public_key, bundle)


def _uuid_bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))
