"""The demo's traffic: registering keys, sending, resending, forgeries, commitments, proofs. Prints nothing."""

from __future__ import annotations

import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec
import orjson

from shop.incidents import ensure_key, exchange_key
from ves_client.agent import SEED_BYTES, AgentKey, Event, sign_event
from ves_client.errors import ClientError, Exit, check_failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shop.purchases import Agent, Shop
    from ves_client.agent import Signed
    from ves_client.sequencer import IngestAnswer, Sequencer

Json = dict[str, Any]

BATCH = 250
SENDERS = 6
COMMIT_EVENTS = 1024
COMMIT_ATTEMPTS = 200


@dataclass(slots=True)
class Collection:
    """Events with their receipts (JSON texts by store and sequence number) and counts of the results."""

    by_number: dict[UUID, dict[int, tuple[bytes, bytes]]] = field(default_factory=lambda: defaultdict(dict))
    accepted: int = 0
    replayed: int = 0
    sequencers: set[str] = field(default_factory=set)

    @property
    def receipts(self) -> int:
        """Count the receipts."""
        return sum(map(len, self.by_number.values()))

    def add(self, store_id: UUID, batch: Sequence[Signed], answer: IngestAnswer) -> None:
        """Add the result of a batch. Exit code 1 if an event was rejected or has no result."""
        texts = {signed.event_id: signed.text for signed in batch}
        receipts = answer.decoded()
        if answer.rejections or [True] * len(texts) != [one.event_id in texts for one, _ in receipts]:
            raise check_failed(
                "events were rejected", {"rejections": msgspec.to_builtins(answer.rejections[:3])}
            )
        for receipt, text in receipts:
            self.by_number[store_id][receipt.sequence_number] = (texts[receipt.event_id], text)
            self.sequencers.add(str(receipt.sequencer_id))
        self.accepted += answer.events_accepted
        self.replayed += len(batch) - answer.events_accepted


def register(sequencer: Sequencer, shop: Shop) -> None:
    """Register every agent's first key."""
    for agent in shop.agents:
        ensure_key(sequencer, shop.tenant_id, agent.key)


def batches(events: Sequence[Signed]) -> Iterator[list[Signed]]:
    """Cut an agent's events into batches that are signed with one key each."""
    for _, group in groupby(events, lambda event: event.key_id):
        same = list(group)
        for start in range(0, len(same), BATCH):
            yield same[start : start + BATCH]


def send(
    sequencer: Sequencer, shop: Shop, signed: Mapping[Agent, list[Signed]], advance: Callable[[int], None]
) -> Collection:
    """Send every agent's events in order, several agents at once."""
    collection = Collection()

    def play(agent: Agent) -> list[tuple[list[Signed], IngestAnswer]]:
        answers = []
        for batch in batches(signed[agent]):
            if agent.next_key and batch[0].key_id == agent.next_key.key_id:
                exchange_key(sequencer, shop.tenant_id, agent.key, agent.next_key)
            answers.append((batch, sequencer.ingest(agent.key.agent_id, [event.text for event in batch])))
            advance(len(batch))
        return answers

    with ThreadPoolExecutor(SENDERS) as pool:
        for agent, answers in zip(signed, pool.map(play, signed), strict=True):
            for batch, answer in answers:
                collection.add(agent.store_id, batch, answer)
    return collection


def resend(sequencer: Sequencer, agent: Agent, events: Sequence[Signed], collection: Collection) -> int:
    """Send events again. Exit code 1 unless every receipt is the stored one, byte for byte; return their number."""
    answer = sequencer.ingest(agent.key.agent_id, [event.text for event in events])
    page = collection.by_number[agent.store_id]
    same = [page[receipt.sequence_number][1] == text for receipt, text in answer.decoded()]
    if answer.events_accepted or len(same) != len(events) or not all(same):
        raise check_failed("a repeated batch was not answered with the same receipts")
    return len(same)


def send_forgeries(sequencer: Sequencer, shop: Shop) -> list[str]:
    """Send two forgeries: a payload changed after signing, and an event signed with another key. Return the refusals."""
    honest = shop.agents[0]
    stranger = AgentKey(honest.key.agent_id, honest.key.key_id, bytes(SEED_BYTES))
    event = Event(
        uuid4(), "order", "order-forged", "order.noted", "1997-01-01T00:00:00Z", b'{"totalCents":1}'
    )
    changed = sign_event(honest.key, shop.tenant_id, honest.store_id, event)
    foreign = sign_event(stranger, shop.tenant_id, honest.store_id, replace(event, event_id=uuid4()))
    texts = [changed.text.replace(b'"totalCents":1', b'"totalCents":0'), foreign.text]
    answer = sequencer.ingest(honest.key.agent_id, texts)
    reasons = [rejection.reason for rejection in answer.rejections]
    if len(reasons) != len(texts):
        raise check_failed("a forged event was accepted")
    return reasons


def commit_rest(sequencer: Sequencer, tenant_id: UUID, store_id: UUID, head: int) -> list[Json]:
    """Commit the uncommitted rest up to `head`; return all commitments of the stream in order.

    The commit worker runs concurrently: if it commits first, the list is read again. What was committed here is kept:
    the list leaves out what the chain has already.
    """
    found: dict[int, Json] = {}
    for _ in range(COMMIT_ATTEMPTS):
        found |= {one["sequence_start"]: one for one in sequencer.list_commitments(tenant_id, store_id)}
        chain: list[Json] = []
        end = 0
        while end + 1 in found:
            chain.append(found[end + 1])
            end = chain[-1]["sequence_end"]
        if end >= head:
            return chain
        try:
            found[end + 1] = sequencer.create_commitment(
                tenant_id, store_id, end + 1, min(head, end + COMMIT_EVENTS)
            )
        except ClientError as error:
            if error.status is not Exit.REFUSED:
                raise
    raise check_failed("the stream could not be committed to its head")


def fetch_proofs(
    sequencer: Sequencer,
    shop: Shop,
    collection: Collection,
    chains: Mapping[UUID, list[Json]],
    *,
    count: int,
    advance: Callable[[int], None],
) -> dict[tuple[UUID, int], tuple[Json, Json]]:
    """Fetch proofs of `count` random events: (store, number) to (proof, commitment). Seeded by the tenant id."""
    places = [
        (store_id, number) for store_id, page in collection.by_number.items() for number in sorted(page)
    ]
    chosen = random.Random(shop.tenant_id.int).sample(places, min(count, len(places)))  # noqa: S311 - not a secret

    def fetch(place: tuple[UUID, int]) -> tuple[Json, Json]:
        store_id, number = place
        commitment = next(
            one for one in chains[store_id] if one["sequence_start"] <= number <= one["sequence_end"]
        )
        proof = sequencer.get_proof(shop.tenant_id, store_id, number, UUID(commitment["batch_id"]))
        advance(1)
        return proof, commitment

    with ThreadPoolExecutor(SENDERS) as pool:
        return dict(zip(chosen, pool.map(fetch, chosen), strict=True))


def write_evidence(
    collection: Collection,
    chains: Mapping[UUID, list[Json]],
    proofs: Mapping[tuple[UUID, int], tuple[Json, Json]],
) -> bytes:
    """Write the input of the independent verifier: chains, and every event with its receipt and, if fetched, its proof."""
    lines = [orjson.dumps({"chain": chain}) for chain in chains.values()]
    for store_id, page in collection.by_number.items():
        for number, (event, receipt) in sorted(page.items()):
            line: Json = {"event": orjson.Fragment(event), "receipt": orjson.Fragment(receipt)}
            if found := proofs.get((store_id, number)):
                line["proof"], line["commitment"] = found
            lines.append(orjson.dumps(line))
    return b"\n".join(lines) + b"\n"
