"""`stateset.sequencer.v2.KeyManagement`: the signing keys of agents (grpc-api 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ves_api.operations.agent_keys import (
    REASON,
    AgentKeyList,
    KeysOfAgent,
    RegisterKeyRequest,
    RegisterKeyResponse,
    RevokeKey,
    RevokeKeyResponse,
    list_agent_keys,
    register_agent_key,
    revoke_agent_key,
)
from ves_api.operations.public_keys import ProofBundle, PublicKeyBundle
from ves_api.rpc.binding import Rpc
from ves_api.rpc.fields import read_time, read_uuid, time_of_text
from ves_api.rpc.gen import v2_pb2 as v2
from ves_api.rpc.v2 import now
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from ves_api.operations.agent_keys import AgentKey
    from ves_api.operations.kit import Context

SERVICE = v2.DESCRIPTOR.services_by_name["KeyManagement"].full_name
_KEY_PARTS = (
    "ed25519_public_key",
    "ml_dsa_65_public_key",
    "x25519_public_key",
    "ml_kem_768_public_key",
)
_PROOF_PARTS = ("ed25519_pop", "ml_dsa_65_pop")
_STATUS = {
    "active": v2.KEY_STATUS_ACTIVE,
    "in_grace": v2.KEY_STATUS_ACTIVE,
    "expired": v2.KEY_STATUS_EXPIRED,
    "revoked": v2.KEY_STATUS_REVOKED,
}


def _hex_parts(message: Message, names: tuple[str, ...]) -> list[str | None]:
    """The parts of a bundle in hex; None where empty."""
    return [getattr(message, name).hex() or None for name in names]


def _agent(request: Any) -> dict[str, Any]:
    return {name: read_uuid(getattr(request, name), name) for name in ("tenant_id", "agent_id")}


def _read_registration(request: v2.RegisterKeyRequest) -> RegisterKeyRequest:
    if request.key_type != v2.KEY_TYPE_SIGNING:
        raise ApiError(
            "key_type_unsupported", "only signing keys are supported", details={"field": "key_type"}
        )
    bundle = proofs = None
    if request.HasField("public_key_bundle"):
        bundle = PublicKeyBundle(*_hex_parts(request.public_key_bundle, _KEY_PARTS))
    if request.HasField("proof_of_possession_bundle"):
        proofs = ProofBundle(*_hex_parts(request.proof_of_possession_bundle, _PROOF_PARTS))
    return RegisterKeyRequest(
        **_agent(request),
        key_id=request.key_id,
        public_key=request.public_key.hex(),
        valid_from=read_time(request.valid_from, "valid_from") if request.HasField("valid_from") else None,
        valid_to=read_time(request.valid_to, "valid_to") if request.HasField("valid_to") else None,
        key_algorithm=request.key_algorithm,
        public_key_bundle=bundle,
        proof_of_possession=request.proof_of_possession.hex() or None,
        proof_of_possession_bundle=proofs,
    )


def _registered(_: Context, __: object, done: RegisterKeyResponse) -> v2.RegisterKeyResponse:
    return v2.RegisterKeyResponse(success=done.success, message=done.message, registered_at=now())


def _keys(_: Context, request: v2.GetAgentKeysRequest, listed: AgentKeyList) -> v2.GetAgentKeysResponse:
    if request.key_type_filter == v2.KEY_TYPE_ENCRYPTION:
        return v2.GetAgentKeysResponse()
    return v2.GetAgentKeysResponse(
        keys=[_key(key) for key in listed.keys if request.include_revoked or key.status != "revoked"]
    )


def _key(key: AgentKey) -> v2.AgentKey:
    times: dict[str, Any] = {
        name: time_of_text(text)
        for name in ("created_at", "valid_from", "valid_to", "revoked_at")
        if (text := getattr(key, name)) is not None
    }
    message = v2.AgentKey(
        key_id=key.key_id,
        key_type=v2.KEY_TYPE_SIGNING,
        public_key=bytes.fromhex(key.public_key),
        status=_STATUS.get(key.status, v2.KEY_STATUS_UNSPECIFIED),
        key_algorithm=cast("v2.KeyAlgorithm", key.key_algorithm),
        **times,
    )
    if key.public_key_bundle is not None:
        for name in _KEY_PARTS:
            setattr(
                message.public_key_bundle, name, bytes.fromhex(getattr(key.public_key_bundle, name) or "")
            )
    return message


def _revoked(_: Context, __: object, done: RevokeKeyResponse) -> v2.RevokeKeyResponse:
    return v2.RevokeKeyResponse(success=done.success, revoked_at=time_of_text(done.revoked_at))


METHODS = (
    Rpc(
        name="RegisterAgentKey",
        operation=register_agent_key,
        request=v2.RegisterKeyRequest,
        read=_read_registration,
        write=_registered,
    ),
    Rpc(
        name="GetAgentKeys",
        operation=list_agent_keys,
        request=v2.GetAgentKeysRequest,
        read=lambda request: KeysOfAgent(**_agent(request), key_type="signing"),
        write=_keys,
    ),
    Rpc(
        name="RevokeAgentKey",
        operation=revoke_agent_key,
        request=v2.RevokeKeyRequest,
        read=lambda request: RevokeKey(
            **_agent(request),
            key_id=request.key_id,
            reason=REASON.parse(request.reason, "reason") if request.reason else None,
        ),
        write=_revoked,
    ),
)
