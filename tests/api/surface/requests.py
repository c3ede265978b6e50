"""How a good request of each route looks, for any place. A route that nobody taught here fails every test of this folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eth_account import Account

from tests.api.legacy_support import Sender
from tests.api.support import Raw, dump
from tests.api.surface.place import KEY_IDS
from tests.support.bindings import binding_body
from tests.support.payments import Payer
from ves import ed25519

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from tests.api.surface.place import Place

Body = dict[str, Any]
LEGACY = (
    "/api/v1/anchor",
    "/api/v1/commitments",
    "/api/v1/proofs",
    "/api/v1/events",
    "/api/v1/entities",
    "/api/v1/head",
)


@dataclass(frozen=True)
class Route:
    """One operation of the document."""

    method: str
    template: str
    operation: Body = field(hash=False, compare=False)

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def public(self) -> bool:
        return not self.operation["security"]

    @property
    def has_body(self) -> bool:
        return "requestBody" in self.operation

    def parameters(self, place: str) -> list[Body]:
        return [p for p in self.operation["parameters"] if p["in"] == place]


def routes(document: Body) -> Iterator[Route]:
    """Every operation of an OpenAPI document."""
    for template, methods in document["paths"].items():
        for method, operation in methods.items():
            yield Route(method.upper(), template, operation)


@dataclass(frozen=True)
class Call:
    """A request that is ready to be sent."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes | None

    @property
    def text(self) -> str:
        return f"{self.method} {self.path} {self.query} {(self.body or b'').decode('utf-8', 'replace')}"

    def send(self, client: httpx.Client, **headers: str) -> httpx.Response:
        given = {"content-type": "application/json", **headers} if self.body is not None else headers
        return client.request(
            self.method, self.path, params=self.query or None, content=self.body, headers=given
        )


def build(route: Route, place: Place) -> Call:
    """A request that the route would serve to whoever may read and write at the place."""
    # What may be left out is sent all the same when it can name something of another tenant.
    query = {
        p["name"]: value(route, p["name"], place)
        for p in route.parameters("query")
        if p["required"] or p["name"] in {*place.ids, "tenantId", "agentId"}
    }
    return Call(route.method, path_of(route, place), query, body_of(route, place))


def path_of(route: Route, place: Place, **given: str) -> str:
    """The path with the place's ids; `given` are other values for some of its parameters."""
    path = route.template
    for parameter in route.parameters("path"):
        name = parameter["name"]
        path = path.replace(f"{{{name}}}", given.get(name) or value(route, name, place))
    return path


def value(route: Route, name: str, place: Place) -> str:
    """What a path or query parameter holds."""
    if name == "batch_id" and route.template.startswith(LEGACY):
        return place.legacy_batch_id
    if name == "batch_id" and "x402" in route.template:
        return place.more["payment_batch_id"]
    if name == "proof_id":
        return place.compliance_proof_id if "compliance" in route.template else place.validity_proof_id
    fixed = {
        "sequence_number": "1",
        "entity_type": "order",
        "policyId": "aml.threshold",
        "event_type": "order.created",
        "key_id": "1",
        "tenantId": place.tenant_id,
        "agentId": place.agent_id,
    }
    known = fixed | place.ids
    assert name in known, f"tests/api/surface/requests.py does not know the parameter {name} of {route.name}"
    return known[name]


def body_of(route: Route, place: Place) -> bytes | None:
    """The body, None for a route without one."""
    if not route.has_body:
        return None
    assert route.name in BODIES, f"tests/api/surface/requests.py does not know the body of {route.name}"
    made = BODIES[route.name](place)
    return made if isinstance(made, bytes) else dump(made)


def _ves_ingest(place: Place) -> bytes:
    signer = place.signer
    event = signer.event(
        event_id=place.event_id, tenant_id=place.tenant_id, store_id=place.store_id, entity_id=place.entity_id
    )
    return signer.body(event)


def _legacy_ingest(place: Place) -> bytes:
    sender = Sender(agent_id=place.signer.agent_id)
    event = sender.event(**place.stream, event_id=place.legacy_event_id, entity_id=place.entity_id)
    return dump({"agent_id": str(sender.agent_id), "events": [event]})


def _agent_key(place: Place) -> Body:
    number = next(KEY_IDS)
    return {
        "tenantId": place.tenant_id,
        "agentId": place.agent_id,
        "keyId": number,
        "publicKey": ed25519.public_key(number.to_bytes(32, "big")).hex(),
    }


def _rotation(place: Place) -> Body:
    body = _agent_key(place)
    body["newKeyId"] = body.pop("keyId")
    return body


def _payment(place: Place) -> Body:
    payer = Payer(agent_id=place.signer.agent_id, seed=place.signer.seed)
    return payer.intent(**place.stream)


def _exact(_: Place) -> Body:
    return {"x402Version": 2, "paymentPayload": {}, "paymentRequirements": {}}


POLICY: Body = {"policyId": "aml.threshold", "policyParams": {"threshold": 5}}
PROOF: Body = {"proofType": "plonk", "proofB64": "AAAA"}
ZERO = "00" * 32

BODIES: dict[str, Callable[[Place], Body | bytes]] = {
    "POST /api/v1/ves/events/ingest": _ves_ingest,
    "POST /api/v1/events/ingest": _legacy_ingest,
    "POST /api/v1/x402/payments": _payment,
    "POST /api/v1/x402/batches": lambda place: {**place.stream, "network": "set_chain"},
    "POST /api/v1/x402/batches/settle": lambda place: {
        "batch_id": place.more["payment_batch_id"],
        "tx_hash": ZERO,
    },
    "POST /api/v1/anchor": lambda place: {"batch_id": place.legacy_batch_id},
    "POST /api/v1/ves/anchor": lambda place: {"batch_id": place.batch_id},
    "POST /api/v1/ves/commitments/anchor": lambda place: {
        **place.stream,
        "sequence_start": 1,
        "sequence_end": 1,
    },
    "POST /v1/commitments/{batch_id}/anchored": lambda _: {"chain_tx_hash": ZERO, "chain_id": 1},
    "POST /x402/verify": _exact,
    "POST /x402/settle": _exact,
    "POST /api/v1/agents/keys": _agent_key,
    "POST /api/v1/agents/{agent_id}/keys/{key_id}/rotate": _rotation,
    "POST /api/v1/agents/{agent_id}/keys/{key_id}/payer-addresses": lambda place: binding_body(
        Account.create(), place.signer
    ),
    "POST /api/v1/agents/{agent_id}/api-keys": lambda _: {},
    "POST /api/v1/agents/register": lambda _: {"name": "somebody"},
    "PATCH /api/v1/agents/{agent_id}/api-keys/{key_prefix}": lambda _: {"scopes": ["read"]},
    "POST /api/v1/encryption-groups": lambda place: {
        "tenantId": place.tenant_id,
        "name": f"group {next(KEY_IDS)}",
    },
    "PUT /api/v1/encryption-groups/{group_id}": lambda place: {
        "tenantId": place.tenant_id,
        "description": "theirs",
    },
    "POST /api/v1/encryption-groups/{group_id}/members": lambda place: {
        "tenantId": place.tenant_id,
        "agentId": place.agent_id,
    },
    "POST /api/v1/schemas": lambda place: {
        "tenantId": place.tenant_id,
        "eventType": "order.created",
        "schemaJson": {},
    },
    "PUT /api/v1/schemas/{schema_id}/status": lambda _: {"status": "deprecated"},
    "POST /api/v1/schemas/validate": lambda place: {
        "tenantId": place.tenant_id,
        "eventType": "order.created",
        "payload": {},
    },
    "POST /api/v1/ves/commitments": lambda place: {**place.stream, "sequence_start": 2, "sequence_end": 2},
    "POST /api/v1/commitments": lambda place: {**place.stream, "sequence_start": 2, "sequence_end": 2},
    "POST /api/v1/ves/compliance/{event_id}/inputs": lambda _: POLICY,
    "POST /api/v1/ves/compliance/{event_id}/proofs": lambda _: POLICY | PROOF,
    "POST /api/v1/ves/validity/{batch_id}/proofs": lambda _: PROOF,
    "POST /api/v1/ves/proofs/verify": lambda _: {
        "leaf_hash": ZERO,
        "merkle_root": ZERO,
        "proof_path": [],
        "leaf_index": 0,
    },
    "POST /api/v1/proofs/verify": lambda _: {
        "leaf_hash": ZERO,
        "events_root": ZERO,
        "proof_path": [],
        "leaf_index": 0,
    },
}


def without_ids(text: str, *places: Place) -> str:
    """A text in which the ids of places are replaced by their names: what is left depends on nothing but the answer."""
    for place in places:
        for name, content in place.long_ids.items():
            text = text.replace(content, f"<{name}>")
        text = text.replace(str(place.signer.agent_id), "<signer>")
    return text


def mentions(text: str, place: Place) -> bool:
    """Whether a text holds any id of the place."""
    return any(content in text for content in {*place.long_ids.values(), str(place.signer.agent_id)})


def in_another_store(call: Call, place: Place, store_id: str) -> Call:
    """The call with the place's store replaced by another; the same call when it names no store."""
    query = {name: store_id if value == place.store_id else value for name, value in call.query.items()}
    body = call.body and call.body.replace(place.store_id.encode(), store_id.encode())
    return Call(call.method, call.path, query, body)


def error_of(answer: httpx.Response) -> str:
    """Everything that an error answer says but its request id."""
    body = answer.json()
    body["error"].pop("request_id")
    return f"{answer.status_code} {answer.headers.get('x-error-code')} {json.dumps(body, sort_keys=True)}"


__all__ = [
    "BODIES",
    "Call",
    "Raw",
    "Route",
    "build",
    "error_of",
    "in_another_store",
    "mentions",
    "routes",
    "without_ids",
]
