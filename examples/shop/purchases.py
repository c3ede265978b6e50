"""Converts the purchase log to signed events of stores and agents."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING

import orjson

from ves import hpke
from ves_client.agent import AgentKey, Event, Signed, sign_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ves.seal import RandomBytes

STORES = ("rock", "jazz", "classical", "soundtracks")
AGENTS_PER_STORE = 3
# The store whose payloads are encrypted to two recipients.
SEALED_STORE = "classical"
READERS = {1: "warehouse", 2: "accountant"}
# The agent whose key is rotated in the middle of its log, and its two key ids.
ROTATING_AGENT = 1
OLD_KEY, NEW_KEY = 1, 2


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line of the sample: `number` counts lines from 1, `cents` is the value, `day` is YYYY-MM-DD."""

    number: int
    customer: int
    day: str
    items: int
    cents: int


def read_purchases(limit: int | None = None) -> list[Purchase]:
    """Read the CDNOW sample (or its first `limit` lines): 6,919 purchases of 2,357 customers."""
    text = resources.files("shop").joinpath("cdnow", "CDNOW_sample.txt").read_text(encoding="ascii")
    purchases = []
    for number, line in enumerate(text.splitlines()[:limit], 1):
        _, customer, day, items, dollars = line.split()
        whole, _, fraction = dollars.partition(".")
        date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        purchases.append(Purchase(number, int(customer), date, int(items), int(whole) * 100 + int(fraction)))
    return purchases


@dataclass(frozen=True, slots=True)
class Agent:
    """A software agent of one store; one agent has a second key, for the second half of its events."""

    store_id: uuid.UUID
    key: AgentKey
    next_key: AgentKey | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """A tenant with its stores and their agents; agent i works for store i mod 4."""

    tenant_id: uuid.UUID
    agents: tuple[Agent, ...]

    @classmethod
    def from_seeds(cls, tenant_id: uuid.UUID, seeds: Iterable[bytes]) -> Shop:
        """Create the agents of a tenant from 32-byte seeds; all ids and further keys are derived from them."""
        agents = []
        for number, seed in enumerate(seeds):
            store_id = _store_id(tenant_id, STORES[number % len(STORES)])
            key = AgentKey(uuid.uuid5(tenant_id, f"agent/{number}"), OLD_KEY, seed)
            next_key = replace(key, key_id=NEW_KEY, seed=derive(seed, "next key"))
            agents.append(Agent(store_id, key, next_key if number == ROTATING_AGENT else None))
        return cls(tenant_id, tuple(agents))

    @property
    def sealed_store_id(self) -> uuid.UUID:
        """Return the store with encrypted payloads."""
        return _store_id(self.tenant_id, SEALED_STORE)

    @property
    def reader_keys(self) -> dict[int, bytes]:
        """Return the X25519 private keys of the two recipients of the sealed store, by recipient_kid."""
        seed = self.agents[0].key.seed
        return {kid: derive(seed, f"reader/{name}") for kid, name in READERS.items()}

    @property
    def store_ids(self) -> list[uuid.UUID]:
        """Return the distinct store ids."""
        return list(dict.fromkeys(agent.store_id for agent in self.agents))

    def events(self, purchases: Iterable[Purchase]) -> dict[Agent, list[Signed]]:
        """Sign all events, by agent, in the order of the log. Deterministic: the same shop signs the same bytes."""
        log: dict[Agent, list[Event]] = {agent: [] for agent in self.agents}
        known: set[int] = set()
        for purchase in purchases:
            agent = self.agents[purchase.customer % len(self.agents)]
            log[agent] += self._events_of(purchase, agent, new=purchase.customer not in known)
            known.add(purchase.customer)
        return {agent: self._sign(agent, events) for agent, events in log.items()}

    def _sign(self, agent: Agent, events: list[Event]) -> list[Signed]:
        readers: dict[int, bytes] = {}
        if agent.store_id == self.sealed_store_id:
            readers = {kid: hpke.public_key(secret) for kid, secret in self.reader_keys.items()}
        signed = []
        for number, event in enumerate(events):
            late = agent.next_key is not None and 2 * number >= len(events)
            key = agent.next_key if late and agent.next_key else agent.key
            signed.append(
                sign_event(
                    key,
                    self.tenant_id,
                    agent.store_id,
                    event,
                    recipients=readers,
                    random_bytes=_stream(key.seed, event.event_id),
                )
            )
        return signed

    def _events_of(self, purchase: Purchase, agent: Agent, *, new: bool) -> Iterator[Event]:
        customer, order = f"cust-{purchase.customer:04}", f"order-{purchase.number:06}"
        moment = f"{purchase.day}T{purchase.number // 3600 % 24:02}:{purchase.number // 60 % 60:02}:{purchase.number % 60:02}"
        created = {
            "orderId": order,
            "customerId": customer,
            "items": purchase.items,
            "totalCents": purchase.cents,
            "currency": "USD",
        }
        confirmed = {"orderId": order, "totalCents": purchase.cents, "confirmedOn": purchase.day}

        def event(entity: str, entity_id: str, kind: str, payload: object, version: int) -> Event:
            event_id = uuid.uuid5(agent.store_id, f"{kind}/{entity_id}")
            return Event(
                event_id, entity, entity_id, kind, f"{moment}Z", orjson.dumps(payload), base_version=version
            )

        if new:
            facts = {"customerId": customer, "firstPurchaseOn": purchase.day}
            yield event("customer", customer, "customer.created", facts, 0)
        yield event("order", order, "order.created", created, 0)
        yield event("order", order, "order.confirmed", confirmed, 1)


def _store_id(tenant_id: uuid.UUID, name: str) -> uuid.UUID:
    return uuid.uuid5(tenant_id, f"store/{name}")


def derive(seed: bytes, purpose: str) -> bytes:
    """Derive a 32-byte secret from the seed of an agent, so that repeated runs use the same keys."""
    return hashlib.blake2b(purpose.encode(), key=seed, digest_size=32).digest()


def _stream(seed: bytes, event_id: uuid.UUID) -> RandomBytes:
    """Return a deterministic random source, unpredictable without the seed."""
    drawn = 0

    def draw(count: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return derive(seed, f"seal/{event_id}/{drawn}")[:count]

    return draw
