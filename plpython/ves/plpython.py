"""PL/Python adapter of the VES stream: converts SQL values, calls the library, converts results.

SQL arrays arrive as lists, uuid as text, bytea as bytes. An array of nulls only is returned
as null: the engine treats both alike, and PL/Python would convert every element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from ves import audit, digests
from ves.agent_keys import problem_of_stored
from ves.canonical import plain
from ves.codec import key_id_bits, key_id_number
from ves.ingest import (
    SCHEMA_REASON,
    AgentKey,
    IngestRequest,
    Limits,
    decode_request,
    required_keys,
    to_columns,
    verify_signatures,
)
from ves.plpython_functions import Bigint, Integer, Json, Server, Smallint, UuidText, plan, sql_function
from ves.prepare import ENCRYPTED
from ves.proofs import inputs_hash

T = TypeVar("T")

_NIL = UUID(int=0)
_KEYS = """
  select k.key_id, k.key_algorithm, k.public_key, k.public_key_bundle from ves_store.agent_signing_keys as k
  where k.tenant_id = $1 and k.agent_id = $2 and k.key_id = any($3)"""
_SCHEMA_STATE = """
  select v.mode, coalesce((
    select e.epoch from ves_store.schema_epochs as e where e.tenant_id = $1
  ), 0) as epoch
  from ves_store.schema_validation as v"""


class Checked(Protocol):
    """The members of an event of either stream that the check of its payload reads and sets."""

    event_type: str
    payload: bytes
    refusal: str | None
    refusal_message: str | None


E = TypeVar("E", bound=Checked)


class SignedBatch(NamedTuple):
    """The arrays of `ves.ingest_events` for one request."""

    agent_id: UuidText
    tenant_id: UuidText
    store_id: UuidText
    event_ids: list[UuidText | None] | None
    command_ids: list[UuidText | None] | None
    agent_ids: list[UuidText]
    agent_key_ids: list[Integer]
    entity_types: list[str]
    entity_ids: list[str]
    event_types: list[str]
    created_at_texts: list[str]
    created_at_micros: list[Bigint]
    payload_kinds: list[Smallint]
    payloads: list[Json | None]
    base_versions: list[Bigint | None] | None
    signature_schemes: list[Smallint]
    signature_bundles: list[bytes | None] | None
    digests: bytes
    refusals: list[str | None] | None
    refusal_messages: list[str | None] | None
    payloads_at_rest: list[bytes | None] | None
    payload_key_ids: list[bytes | None] | None
    schema_epoch: Bigint | None


@sql_function("volatile strict parallel unsafe cost 50000")
def prepare_signed_events(
    plpy: Server, request: str, max_events: Integer, max_payload_bytes: Integer
) -> SignedBatch:
    """Decode a request, hash its events, verify their signatures (VES 14.2 steps 5, 6, 8) and check their schemas.

    Returns the arrays of ves.ingest_events, where null stands for an array of nulls, and the schema epoch of the check
    (null: not checked). An event whose key is not registered is refused; ves.ingest_events determines the reason.
    Payloads are encrypted at rest (VES 16) under the key ring of the server, and then null as text. Errors: VE510 no
    usable key ring, VE511, the whole-request refusals of VES 14.1.
    """
    decoded = decode_request(request.encode(), Limits(max_events, max_payload_bytes))
    verify_signatures(decoded.events, _registered_keys(plpy, decoded))
    schema_epoch = check_payloads(
        plpy, decoded.tenant_id, SCHEMA_REASON, decoded.events, lambda e: e.payload_kind == ENCRYPTED
    )
    columns = to_columns(decoded.events)
    arrays = {field.name: getattr(columns, field.name) for field in fields(columns)}
    arrays = {name: nullable(array) if isinstance(array, list) else array for name, array in arrays.items()}
    key_id, blobs = _sealed(decoded)
    return SignedBatch(
        **arrays
        | {
            "agent_id": str(decoded.agent_id),
            "tenant_id": str(decoded.tenant_id),
            "store_id": str(decoded.store_id),
            "event_ids": uuids(columns.event_ids),
            "command_ids": uuids(columns.command_ids),
            "agent_ids": [str(decoded.agent_id)] * len(columns.event_ids),
            "payloads": [
                text if blob is None else None for text, blob in zip(columns.payloads, blobs, strict=True)
            ],
            "payloads_at_rest": nullable(blobs),
            "payload_key_ids": None
            if key_id is None
            else [None if blob is None else key_id for blob in blobs],
            "schema_epoch": schema_epoch,
        }
    )


def check_payloads(
    plpy: Server,
    tenant_id: UUID,
    reason: str,
    events: Sequence[E],
    is_encrypted: Callable[[E], bool] = lambda _: False,
) -> int | None:
    """Refuse, with the reason, the events that fail the tenant's active schemas (operations 6.3).

    Returns the schema epoch at which those were read, None if schemas are not checked. The mode is that of
    ves.set_schema_validation_mode: a row, which a caller cannot change.
    """
    [state] = plpy.execute(plan(plpy, _SCHEMA_STATE, "uuid"), [str(tenant_id)])
    if state["mode"] == "disabled":
        return None
    if state["mode"] == "enforce" and not state["epoch"]:
        return 0
    # Lazy import: only backends that ingest for a tenant with schemas need the validator (0.1 s).
    from ves.plpython_schemas import check_events  # noqa: PLC0415

    epoch, wrong = check_events(plpy, state["mode"], tenant_id, events, is_encrypted)
    for at, message in wrong.items():
        events[at].refusal, events[at].refusal_message = reason, message
    return epoch


def _registered_keys(plpy: Server, request: IngestRequest) -> dict[tuple[UUID, int], AgentKey]:
    keys = _stored_keys(
        plpy, request.tenant_id, request.agent_id, [key_id for _, key_id in required_keys(request.events)]
    )
    return {(key.agent_id, key.key_id): key for key in keys}


def registered_key(plpy: Server, tenant_id: UUID, agent_id: UUID, key_id: int) -> AgentKey | None:
    """One key of an agent as it is registered, whatever its status; None for an unknown one."""
    return next(iter(_stored_keys(plpy, tenant_id, agent_id, [key_id])), None)


def _stored_keys(plpy: Server, tenant_id: UUID, agent_id: UUID, key_ids: Sequence[int]) -> list[AgentKey]:
    wanted = [key_id_bits(key_id) for key_id in key_ids]
    rows = plpy.execute(
        plan(plpy, _KEYS, "uuid", "uuid", "integer[]"), [str(tenant_id), str(agent_id), wanted]
    )
    return [
        AgentKey(
            agent_id,
            key_id_number(row["key_id"]),
            row["key_algorithm"],
            row["public_key"],
            row["public_key_bundle"],
        )
        for row in rows
    ]


def _sealed(request: IngestRequest) -> tuple[bytes | None, list[bytes | None]]:
    """Return (key id, blobs) of the payloads under the key ring of the server; key id null for plaintext storage."""
    # Lazy import: only backends that ingest need the key ring, not every backend that hashes.
    from ves import plpython_at_rest, stored_payloads  # noqa: PLC0415

    key = plpython_at_rest.ring().current(request.tenant_id)
    if key is None:
        return None, [None] * len(request.events)
    return key.key_id, stored_payloads.seal_events(key, request.tenant_id, request.store_id, request.events)


@sql_function("stable strict parallel restricted cost 100000")
def verify_events_batch(
    tenant_id: UUID, store_id: UUID, events: Annotated[Mapping[str, Any], "ves_int.event_chunk"]
) -> list[str]:
    """Recompute stored events of one stream (VES 4 to 11).

    Returns for each event the names of its findings (ves_int.findings), separated by blanks. Those of payload_states are
    copied. A key that is not stored is no finding here; a receipt that is not stored is not checked.
    """
    keys = zip(events["key_algorithms"], events["key_public_keys"], events["key_bundles"], strict=True)
    chunk = audit.StoredEvents(
        stream=tenant_id.bytes + store_id.bytes,
        keys=[None if key[1] is None else _audited_key(*key) for key in keys],
        **{field.name: events[field.name] for field in fields(audit.StoredEvents) if field.name in events},
    )
    blobs = events["payloads_at_rest"]
    if blobs.count(None) != len(blobs):
        from ves import plpython_at_rest  # noqa: PLC0415 (as in _sealed)

        plpython_at_rest.open_for_audit(chunk, blobs, events["payload_key_ids"])
    return [" ".join(found) for found in audit.verify_events(chunk)]


@lru_cache(256)
def _audited_key(algorithm: int, public_key: bytes, bundle: bytes | None) -> AgentKey:
    # The agent id is part of the verified message, not of the key.
    return AgentKey(_NIL, 0, algorithm, public_key, bundle)


@sql_function()
def plain_json(raw: str) -> str:
    """Compact form of a JSON text (VES 2.3), used by the legacy and public-inputs hashes. Errors: VE001."""
    return plain(raw.encode()).decode()


@sql_function()
def public_inputs_hash(inputs: str) -> bytes:
    """Hash of a proof's canonical public inputs, given as JSON text (VES 12, 13). Errors: VE001."""
    return inputs_hash(inputs.encode())


@sql_function()
def policy_hash(policy_id: str, policy_params: str) -> bytes:
    """Hash of a compliance policy and the JSON text of its parameters (VES 13). Errors: VE001."""
    return digests.policy_hash(policy_id, policy_params.encode())


@sql_function("immutable called on null input parallel unsafe cost 1000")
def agent_key_problem(
    key_algorithm: Integer,
    public_key: bytes,
    public_key_bundle: bytes | None,
    proof_of_possession: bytes | None,
    proof_of_possession_bundle: bytes | None,
) -> Sequence[str] | None:
    """Registration check of a key with its proof of possession (VES 6.3, 6.4).

    Returns error name, field and message; null if the key can be registered.
    """
    return problem_of_stored(
        key_algorithm, public_key, public_key_bundle, proof_of_possession, proof_of_possession_bundle
    )


def uuids(ids: Sequence[UUID | None]) -> list[str | None] | None:
    """A uuid[] for PL/Python to return; null when all are."""
    # 32 digits without hyphens: half the cost of str(UUID), and uuid_in takes them.
    return nullable([None if item is None else f"{item.int:032x}" for item in ids])


def nullable(values: list[T]) -> list[T] | None:
    """An array for PL/Python to return; null when all elements are."""
    return values if values.count(None) != len(values) else None  # type: ignore[arg-type]
