"""Special cases: schemas, a schema violation, a revoked and a rotated key, decryption of a sealed order."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import orjson

from shop.purchases import OLD_KEY, READERS, derive
from ves.errors import ProtocolError
from ves_client.agent import AgentKey, Event, open_event, sign_event
from ves_client.errors import ClientError, check_failed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shop.purchases import Agent, Shop
    from ves_client.agent import Signed
    from ves_client.sequencer import Sequencer

Json = dict[str, Any]

_CONFLICT = 409
_TEXT: Json = {"type": "string", "minLength": 1}
_DAY: Json = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_CENTS: Json = {"type": "integer", "minimum": 0}


def _object(**members: Json) -> Json:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": members,
        "required": sorted(members),
        "additionalProperties": False,
    }


SCHEMAS: dict[str, Json] = {
    "customer.created": _object(customerId=_TEXT, firstPurchaseOn=_DAY),
    "order.created": _object(
        orderId=_TEXT,
        customerId=_TEXT,
        items={"type": "integer", "minimum": 1},
        totalCents=_CENTS,
        currency={"const": "USD"},
    ),
    "order.confirmed": _object(orderId=_TEXT, totalCents=_CENTS, confirmedOn=_DAY),
}


def register_schemas(sequencer: Sequencer, tenant_id: uuid.UUID) -> int:
    """Register schemas of event types without one (idempotent in repeated runs); return the number of schemas."""
    for event_type, schema in SCHEMAS.items():
        if not sequencer.list_schemas(tenant_id, event_type).schemas:
            sequencer.register_schema(tenant_id, event_type, schema)
    return len(SCHEMAS)


def violate_schema(sequencer: Sequencer, shop: Shop) -> str:
    """Send an order whose items are a string. Return the refusal message, which gives the place, not the value."""
    agent = shop.agents[0]
    wrong = {
        "orderId": "order-wrong",
        "customerId": "cust-0001",
        "items": "two",
        "totalCents": 1,
        "currency": "USD",
    }
    event = Event(
        uuid.uuid4(), "order", "order-wrong", "order.created", "1997-01-01T00:00:00Z", orjson.dumps(wrong)
    )
    signed = sign_event(agent.key, shop.tenant_id, agent.store_id, event)
    refused = sequencer.ingest(agent.key.agent_id, [signed.text]).rejections
    if [one.reason for one in refused] != ["schema_validation"] or "/items" not in refused[0].message:
        raise check_failed("an event against its schema was not refused for that")
    return refused[0].message


def revoke_agent(sequencer: Sequencer, shop: Shop) -> tuple[str, str]:
    """Send an event of a seasonal agent, revoke its key, send another: return the first result and the refusal.

    In a repeated run its first event is replayed: a revocation does not affect sequenced events.
    """
    home = shop.agents[0]
    key = AgentKey(uuid.uuid5(shop.tenant_id, "agent/seasonal"), OLD_KEY, derive(home.key.seed, "seasonal"))
    ensure_key(sequencer, shop.tenant_id, key)
    texts = [_note(shop, home, key, word) for word in ("arrived", "came back")]
    first = sequencer.ingest(key.agent_id, texts[:1])
    sequencer.revoke_agent_key(shop.tenant_id, key.agent_id, key.key_id)
    second = sequencer.ingest(key.agent_id, texts[1:])
    if first.rejections or len(second.rejections) != 1:
        raise check_failed("a revoked agent was not told apart from an honest one")
    return ("accepted" if first.events_accepted else "replayed"), second.rejections[0].reason


def open_sealed_order(shop: Shop, signed: Mapping[Agent, list[Signed]]) -> str:
    """Decrypt a sealed order with each recipient key; a foreign key must fail (VES 8). Return the content."""
    sealed = (
        event.text
        for agent, events in signed.items()
        if agent.store_id == shop.sealed_store_id
        for event in events
    )
    order = next((text for text in sealed if b'"order.created"' in text), None)
    if order is None:
        return "none among so few purchases"
    seen = {open_event(order, kid, secret) for kid, secret in shop.reader_keys.items()}
    try:
        open_event(order, min(READERS), derive(shop.agents[0].key.seed, "stranger"))
    except ProtocolError as error:
        names = " and ".join(READERS.values())
        return f"{names} read {b' / '.join(seen).decode()}, a stranger does not ({error.reason})"
    raise check_failed("a stranger opened a sealed payload")


def ensure_key(sequencer: Sequencer, tenant_id: uuid.UUID, key: AgentKey) -> None:
    """Register a key; an already registered one (repeated run) is accepted."""
    try:
        sequencer.register_agent_key(tenant_id, key.agent_id, key.key_id, key.public_key)
    except ClientError as error:
        if error.details.get("http_status") != _CONFLICT:
            raise


def exchange_key(sequencer: Sequencer, tenant_id: uuid.UUID, old: AgentKey, new: AgentKey) -> None:
    """Rotate an agent to its new key; an already registered one (repeated run) is accepted."""
    try:
        sequencer.rotate_agent_key(tenant_id, old.agent_id, old.key_id, new.key_id, new.public_key)
    except ClientError as error:
        if error.details.get("http_status") != _CONFLICT:
            raise


def _note(shop: Shop, home: Agent, key: AgentKey, word: str) -> bytes:
    event_id = uuid.uuid5(key.agent_id, word)
    payload = orjson.dumps({"note": word})
    event = Event(event_id, "agent", str(key.agent_id), "agent.reported", "1997-07-01T00:00:00Z", payload)
    return sign_event(key, shop.tenant_id, home.store_id, event).text
