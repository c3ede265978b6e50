"""The season once more into a new store, followed by a gRPC subscriber, a consumer group and the projections.

The store is of a tenant of its own, so that its dead letters are those of this scene.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import grpc
import orjson

from shop.at_rest import SkippedError
from shop.incidents import ensure_key
from ves_api.cli.database import open_database
from ves_api.cli.settings import layers, superuser_url
from ves_api.rpc.gen import v2_pb2 as v2
from ves_client.agent import SEED_BYTES, AgentKey, Event, sign_event
from ves_client.errors import ClientError, check_failed
from ves_edge.errors import ApiError
from ves_edge.gen import sync

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shop.purchases import Purchase
    from ves_api.cli.database import OperatorDatabase
    from ves_client.sequencer import Sequencer
    from ves_edge.gen.records import ListDeadLettersRow

GROUP, MEMBER = "totals", "demo"
BATCH = 500
SECONDS = 120
_METHOD = "/stateset.sequencer.v2.Sequencer/StreamEvents"


@dataclass(slots=True)
class Totals:
    """Orders and their value in cents, as one follower knows them."""

    orders: int = 0
    cents: int = 0

    def add(self, payload: str | bytes) -> None:
        """Add the order of an event's payload."""
        amount = orjson.loads(payload).get("total_amount")
        if amount is not None:
            self.orders += 1
            self.cents += round(amount * 100)


@dataclass(frozen=True, slots=True)
class Followed:
    """Totals by follower, all equal; the dead letters of the scene; and the reserved quantity after the repair."""

    totals: dict[str, Totals]
    letters: list[ListDeadLettersRow]
    reserved: int


@dataclass(frozen=True, slots=True)
class _Store:
    """A new store of a new tenant, with one agent."""

    tenant_id: UUID = field(default_factory=uuid4)
    store_id: UUID = field(default_factory=uuid4)
    key: AgentKey = field(default_factory=lambda: AgentKey(uuid4(), 1, secrets.token_bytes(SEED_BYTES)))

    def send(self, sequencer: Sequencer, events: Sequence[Event]) -> None:
        texts = [sign_event(self.key, self.tenant_id, self.store_id, event).text for event in events]
        for start in range(0, len(texts), BATCH):
            answer = sequencer.ingest(self.key.agent_id, texts[start : start + BATCH])
            if answer.events_accepted != len(texts[start : start + BATCH]):
                raise check_failed("an event of the replayed season was refused")

    def project(self, db: OperatorDatabase) -> None:
        """Do the work of the projections worker for this store alone: elsewhere projecting stays as it is."""
        while True:
            (row,) = sync.project_events(
                db, consumer="projection", tenant_ids=[self.tenant_id], store_ids=[self.store_id]
            )
            if row.error is not None:
                raise SkippedError(f"the events cannot be projected: {row.error}")
            if row.events == 0:
                return


def play(sequencer: Sequencer, purchases: Sequence[Purchase]) -> Followed:
    """Send, follow and project the season; provoke three dead letters and repair one. Exit code 1 if a total differs."""
    url, target = superuser_url(layers(), same_database=True), layers().get("VES_GRPC_TARGET")
    if url is None:
        raise SkippedError("no superuser of the database server is known (VES_SUPERUSER_DATABASE_URL)")
    if target is None:
        raise SkippedError("no address of the gRPC listener is known (VES_GRPC_TARGET)")
    store = _Store()
    try:
        with open_database(url) as db:
            sync.project_events(db, consumer="projection", tenant_ids=[], store_ids=[])
    except (ClientError, ApiError) as error:
        raise SkippedError(f"the superuser is not let in: {error}") from error
    ensure_key(sequencer, store.tenant_id, store.key)
    events = [*_orders(purchases), *_incidents(purchases[0])]
    with ThreadPoolExecutor(2) as pool, open_database(url) as db:
        sync.subscribe(db, tenant_id=store.tenant_id, name=GROUP)
        live = pool.submit(_subscribe, target, store, len(events))
        group = pool.submit(_consume, url, store, len(events))
        store.send(sequencer, events)
        store.project(db)
        totals = {
            "SQL over the source file": _source_totals(len(purchases)),
            "a live gRPC subscriber": live.result(),
            "a consumer group": group.result(),
            "the projections": _projected_totals(db, store),
        }
        sync.unsubscribe(db, tenant_id=store.tenant_id, name=GROUP)
        if len({(one.orders, one.cents) for one in totals.values()}) != 1:
            raise check_failed("the followers do not agree", {name: str(one) for name, one in totals.items()})
        return Followed(totals, *_repair(sequencer, db, store))


def _orders(purchases: Iterable[Purchase]) -> Iterable[Event]:
    for purchase in purchases:
        order = f"order-{purchase.number:06}"
        payload = {"customer_id": f"cust-{purchase.customer:04}", "total_amount": purchase.cents / 100}
        yield _event("order", order, "order.created", payload, purchase.day)


def _incidents(first: Purchase) -> Iterable[Event]:
    """Three of a stock are there and five are reserved; an order arrives before it was sent; one has no customer."""
    yield _event("inventory", "cd", "inventory.initialized", {"quantity": 3}, first.day)
    yield _event("inventory", "cd", "inventory.reserved", {"quantity": 5}, first.day)
    yield _event("order", f"order-{first.number:06}", "order.delivered", {}, first.day)
    yield _event("order", "order-malformed", "order.created", {"customer_id": 7}, first.day)


def _event(entity_type: str, entity_id: str, event_type: str, payload: object, day: str) -> Event:
    return Event(uuid4(), entity_type, entity_id, event_type, f"{day}T12:00:00Z", orjson.dumps(payload))


def _subscribe(target: str, store: _Store, head: int) -> Totals:
    """Follow the store over gRPC up to an event."""
    totals = Totals()
    request = v2.StreamEventsRequest(
        tenant_id=str(store.tenant_id), store_id=str(store.store_id), include_history=True
    )
    with grpc.insecure_channel(target) as channel:
        method = channel.unary_stream(
            _METHOD,
            request_serializer=v2.StreamEventsRequest.SerializeToString,
            response_deserializer=v2.SequencedEvent.FromString,
        )
        call = method(request, metadata=(("x-api-key", layers().api_key(None)),), timeout=SECONDS)
        for event in call:
            totals.add(event.envelope.payload)
            if event.sequence_number == head:
                break
        call.cancel()
    return totals


def _consume(url: str, store: _Store, head: int) -> Totals:
    """Read and acknowledge ranges of the group up to an event."""
    totals, done, deadline = Totals(), 0, time.monotonic() + SECONDS
    with open_database(url) as db:
        while done < head and time.monotonic() < deadline:
            for found in sync.fetch_ranges(
                db, tenant_id=store.tenant_id, name=GROUP, member=MEMBER, max_events=BATCH
            ):
                for event in sync.read_events(
                    db,
                    tenant_id=store.tenant_id,
                    store_id=found.store_id,
                    after=found.after,
                    max_events=found.up_to - found.after,
                ):
                    totals.add(event.payload or "{}")
                    done = event.sequence_number
                sync.ack(
                    db,
                    tenant_id=store.tenant_id,
                    name=GROUP,
                    store_id=found.store_id,
                    token=found.token,
                    done_to=done,
                )
    return totals


def _source_totals(purchases: int) -> Totals:
    """Sum the source file with SQLite, which shares nothing with the sequencer."""
    text = resources.files("shop").joinpath("cdnow", "CDNOW_sample.txt").read_text(encoding="ascii")
    rows = [(line.split()[4],) for line in text.splitlines()[:purchases]]
    with sqlite3.connect(":memory:") as file:
        file.execute("create table purchases (dollars numeric)")
        file.executemany("insert into purchases values (?)", rows)
        found = file.execute("select count(*), sum(round(dollars * 100)) from purchases").fetchone()
    return Totals(found[0], int(found[1]))


def _projected_totals(db: OperatorDatabase, store: _Store) -> Totals:
    totals, after = Totals(), ""
    while page := sync.list_projections(
        db,
        tenant_id=store.tenant_id,
        store_id=store.store_id,
        entity_type="order",
        after=after,
        max_rows=1000,
    ):
        for order in page:
            totals.add(orjson.dumps(order.entity))
        after = page[-1].entity_id
    return totals


def _repair(
    sequencer: Sequencer, db: OperatorDatabase, store: _Store
) -> tuple[list[ListDeadLettersRow], int]:
    """Stock arrives, the refused reservation is retried: the letters before it, and what is reserved after it."""
    letters = sync.list_dead_letters(db, tenant_id=store.tenant_id)
    oversold = next((letter for letter in letters if letter.event_type == "inventory.reserved"), None)
    if oversold is None or len(letters) != 3:  # noqa: PLR2004 (one for each incident)
        raise check_failed(
            "the incidents are not the dead letters", {"found": [one.event_type for one in letters]}
        )
    store.send(sequencer, [_event("inventory", "cd", "inventory.adjusted", {"adjustment": 10}, "1998-06-30")])
    store.project(db)
    sync.retry_dead_letter(db, tenant_id=store.tenant_id, dead_letter_id=oversold.dead_letter_id)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        (now,) = sync.list_dead_letters(db, tenant_id=store.tenant_id, dead_letter_id=oversold.dead_letter_id)
        if now.status == "resolved":
            (stock,) = sync.list_projections(
                db, tenant_id=store.tenant_id, store_id=store.store_id, entity_type="inventory"
            )
            return letters, int(stock.entity["quantity_reserved"])
        time.sleep(0.1)
    raise check_failed("the repaired dead letter was not retried: does the worker `dead-letters` run?")
