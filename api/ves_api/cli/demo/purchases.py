"""The purchase log as events: who bought what, in which store, recorded by which agent."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import orjson

from ves_api.cli.agent import AgentKey, Event, Signed, sign_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STORES = ("rock", "jazz", "classical", "soundtracks")
AGENTS_PER_STORE = 3
EVENTS_PER_ORDER = 2


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
    text = (
        resources.files("ves_api.cli.demo").joinpath("cdnow", "CDNOW_sample.txt").read_text(encoding="ascii")
    )
    purchases = []
    for number, line in enumerate(text.splitlines()[:limit], 1):
        _, customer, day, items, dollars = line.split()
        whole, _, fraction = dollars.partition(".")
        date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        purchases.append(Purchase(number, int(customer), date, int(items), int(whole) * 100 + int(fraction)))
    return purchases


@dataclass(frozen=True, slots=True)
class Agent:
    """A software agent of one store."""

    store_id: uuid.UUID
    key: AgentKey


@dataclass(frozen=True, slots=True)
class Cast:
    """A tenant with its stores and their agents; agent i serves store i mod 4."""

    tenant_id: uuid.UUID
    agents: tuple[Agent, ...]

    @classmethod
    def from_seeds(cls, tenant_id: uuid.UUID, seeds: Iterable[bytes]) -> Cast:
        """Make the agents of a tenant from their 32-byte secrets; all ids follow from the tenant's."""
        agents = []
        for number, seed in enumerate(seeds):
            store_id = uuid.uuid5(tenant_id, f"store/{STORES[number % len(STORES)]}")
            key = AgentKey(uuid.uuid5(tenant_id, f"agent/{number}"), 1, seed)
            agents.append(Agent(store_id, key))
        return cls(tenant_id, tuple(agents))

    @property
    def store_ids(self) -> list[uuid.UUID]:
        """Give the stores, each once."""
        return list(dict.fromkeys(agent.store_id for agent in self.agents))

    def events(self, purchases: Iterable[Purchase]) -> dict[Agent, list[Signed]]:
        """Sign all events, by agent, in the order of the log. The same cast signs the same bytes every time."""
        signed: dict[Agent, list[Signed]] = {agent: [] for agent in self.agents}
        known: set[int] = set()
        for purchase in purchases:
            agent = self.agents[purchase.customer % len(self.agents)]
            for event in self._events_of(purchase, agent, new=purchase.customer not in known):
                signed[agent].append(sign_event(agent.key, self.tenant_id, agent.store_id, event))
            known.add(purchase.customer)
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
