"""A place is one stream with one of everything in it, known by its ids; a ghost of it has ids that nothing has."""

from __future__ import annotations

import hashlib
import itertools
import secrets
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.api.legacy_support import Sender
from tests.api.support import Agent
from tests.support.payments import Payer

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database

KEY_IDS = itertools.count(100)


_LONG = 8


@dataclass(frozen=True)
class Place:
    """`signer` signs the events that a request carries; the other members are ids, as text."""

    signer: Agent
    tenant_id: str
    store_id: str
    agent_id: str
    event_id: str
    legacy_event_id: str
    batch_id: str
    legacy_batch_id: str
    compliance_proof_id: str
    validity_proof_id: str
    entity_id: str
    key_prefix: str
    more: dict[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> dict[str, str]:
        """Every id by its name."""
        names = [name for name in self.__dataclass_fields__ if name not in ("signer", "more")]
        return {name: getattr(self, name) for name in names} | self.more

    @property
    def long_ids(self) -> dict[str, str]:
        """Those that no answer holds by chance: a dead letter's number may stand in any hash."""
        return {name: content for name, content in self.ids.items() if len(content) >= _LONG}

    @property
    def stream(self) -> dict[str, str]:
        return {"tenant_id": self.tenant_id, "store_id": self.store_id}

    @classmethod
    def example(cls) -> Place:
        """A place of fresh ids that no server knows: what a request would name, before a server runs."""
        signer = Agent()
        uuids = ("event_id", "legacy_event_id", "batch_id", "legacy_batch_id", "compliance_proof_id")
        return cls(
            signer=signer,
            tenant_id=str(signer.tenant_id),
            store_id=str(signer.store_id),
            agent_id=str(signer.agent_id),
            validity_proof_id=str(uuid.uuid4()),
            entity_id=str(uuid.uuid4()),
            key_prefix=secrets.token_hex(6),
            more={
                **{
                    name: str(uuid.uuid4())
                    for name in ("schema_id", "group_id", "intent_id", "payment_batch_id")
                },
                "dead_letter_id": str(9_000_000 + secrets.randbelow(900_000)),
            },
            **{name: str(uuid.uuid4()) for name in uuids},
        )

    def ghost(self) -> Place:
        """The same names with ids that nothing in the world has."""
        signer = Agent()
        fresh = {name: _another(value) for name, value in self.ids.items()}
        fresh |= {
            "tenant_id": str(signer.tenant_id),
            "store_id": str(signer.store_id),
            "agent_id": str(signer.agent_id),
        }
        more = {name: fresh.pop(name) for name in self.more}
        return Place(signer=signer, more=more, **fresh)

    def under(self, home: Place) -> Place:
        """The ids of this place, asked for in the name of another tenant's stream."""
        return replace(self, signer=home.signer, tenant_id=home.tenant_id, store_id=home.store_id)


def _another(value: str) -> str:
    if value.isdigit():
        return str(secrets.randbelow(1 << 62))
    try:
        uuid.UUID(value)
    except ValueError:
        return secrets.token_hex(len(value) // 2)
    return str(uuid.uuid4())


def mint(database: Database, tenant_id: str, **columns: Any) -> str:
    """A new API key of a tenant, made by the operator; `columns` are parameters of ves.create_api_key."""
    key = f"ss_{secrets.token_hex(20)}"
    given = {"can_read": True, "can_write": True, **columns}
    named = "".join(f", {name} => %({name})s" for name in given)
    with database.connect("ves_admin") as connection:
        connection.execute(
            f"select ves.create_api_key(%(key_hash)s, %(tenant_id)s{named})",
            {"key_hash": hashlib.sha256(key.encode()).hexdigest(), "tenant_id": tenant_id, **given},
        )
    return key


def settle(admin: httpx.Client, database: Database) -> Place:
    """A fresh tenant with a stream that has one of everything."""
    agent = Agent()
    assert agent.register(admin).status_code == 200
    event = agent.event({"n": 1})
    assert agent.ingest(admin, event, agent.event({"n": 2})).json()["eventsAccepted"] == 2
    stream = {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}
    body = {**stream, "sequence_start": 1, "sequence_end": 1}
    batch = _done(admin.post("/api/v1/ves/commitments", json=body))
    sender = Sender(agent.tenant_id, agent.store_id, agent.agent_id)
    legacy_event = sender.event({"n": 1})
    assert sender.ingest(admin, legacy_event, sender.event({"n": 2})).json()["events_accepted"] == 2
    legacy_batch = _done(admin.post("/api/v1/commitments", json=body))
    proof = {"proofType": "plonk", "proofB64": "AAAA"}
    validity = _done(admin.post(f"/api/v1/ves/validity/{batch['batch_id']}/proofs", json=proof))
    compliance = _done(
        admin.post(
            f"/api/v1/ves/compliance/{event['event_id']}/proofs",
            json={**proof, "policyId": "aml.threshold", "policyParams": {"threshold": 5}},
        )
    )
    mint(database, str(agent.tenant_id), agent_id=str(agent.agent_id))
    key = _done(admin.post(f"/api/v1/agents/{agent.agent_id}/api-keys", json={}))
    group = {"tenantId": stream["tenant_id"], "name": "finance"}
    group_id = _done(admin.post("/api/v1/encryption-groups", json=group))["groupId"]
    member = {"tenantId": stream["tenant_id"], "agentId": str(agent.agent_id)}
    _done(admin.post(f"/api/v1/encryption-groups/{group_id}/members", json=member))
    schema = {"tenantId": stream["tenant_id"], "eventType": "order.created", "schemaJson": {}}
    payer = Payer(agent.tenant_id, agent.store_id, agent.agent_id, agent.seed)
    intents = [_done(admin.post("/api/v1/x402/payments", json=payer.intent()))["intent_id"] for _ in range(2)]
    members = {**stream, "network": "set_chain", "intent_ids": intents[:1]}
    payment_batch = _done(admin.post("/api/v1/x402/batches", json=members))
    _project(database, stream, legacy_event["entity_id"])
    return Place(
        signer=agent,
        more={
            "intent_id": intents[0],
            "payment_batch_id": payment_batch["batch_id"],
            "schema_id": _done(admin.post("/api/v1/schemas", json=schema))["id"],
            "group_id": group_id,
            "dead_letter_id": _dead_letter(database, stream),
        },
        **stream,
        agent_id=str(agent.agent_id),
        event_id=event["event_id"],
        legacy_event_id=legacy_event["event_id"],
        batch_id=batch["batch_id"],
        legacy_batch_id=legacy_batch["batch_id"],
        compliance_proof_id=compliance["proof_id"],
        validity_proof_id=validity["proof_id"],
        entity_id=legacy_event["entity_id"],
        key_prefix=key["keyHashPrefix"],
    )


def _dead_letter(database: Database, stream: dict[str, str]) -> str:
    with database.connect() as owner:
        row = owner.execute(
            "select ves_int.dead_letter('test', %(tenant_id)s, %(store_id)s, false, 1, 'handler_error')",
            stream,
        ).fetchone()
    assert row is not None
    return str(row[0])


def _project(database: Database, stream: dict[str, str], entity_id: str) -> None:
    """The state of one order, as if it had been projected."""
    with database.connect() as connection:
        connection.execute(
            "insert into ves_store.projection_checkpoints (tenant_id, store_id, stream, projector)"
            " values (%(tenant_id)s, %(store_id)s, 'ves', 'order')",
            stream,
        )
        connection.execute(
            "insert into ves_store.projections values (%(tenant_id)s, %(store_id)s, 'ves', 'order', 1,"
            ' %(entity_id)s, 1, 1, now(), now(), \'{"status": "pending"}\')',
            stream | {"entity_id": entity_id},
        )


def _done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body
