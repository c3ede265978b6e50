"""Pulling the stream into an outbox: every event is verified before it is stored (operations 14, VES 6, 11)."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypedDict, Unpack
from uuid import UUID

import msgspec

from ves import json_decode
from ves.errors import ProtocolError
from ves.receipts import decode_receipt
from ves.signatures import ALGORITHM_ED25519, AgentKey, signature_error
from ves_client.contradictions import SignedReceipt
from ves_client.errors import check_failed, usage
from ves_client.evidence import check_event
from ves_client.outbox_rows import ContradictionFound
from ves_client.progress import Meter, OnProgress
from ves_client.pulled_rows import PulledEvent, StoredEnvelope
from ves_client.sync import may_sync, stop

if TYPE_CHECKING:
    from pathlib import Path

    from ves_client.contradictions import Contradiction
    from ves_client.errors import ClientError
    from ves_client.outbox import Outbox
    from ves_client.sequencer import EventWindow, NumberedEvent, Sequencer
    from ves_client.trust import Trust

OnEvent = Callable[[PulledEvent], None]
UNSIGNED_SECONDS = 0.2  # between two looks at an event whose receipt is not signed yet
MOST_EVENTS = 1000  # of one window (http-api 3.1)


class Source(Protocol):
    """Where windows come from: `Sequencer` over HTTP, or `GrpcEvents`."""

    def list_events(self, tenant_id: UUID, store_id: UUID, first: int, limit: int) -> EventWindow:
        """Return the events numbered `first` to `first + limit - 1`."""

    def wait_for(self, tenant_id: UUID, store_id: UUID, number: int, stop: threading.Event) -> None:
        """Return when an event from this number on may exist, or when `stop` may have been set."""


@dataclass(slots=True)
class Pulled:
    """Counts of a pull. `complete` is false if it ended before the head: at the deadline, or at an unsigned receipt."""

    events: int = 0
    last_sequence: int = 0
    head_sequence: int = 0
    complete: bool = True


class PullOptions(TypedDict, total=False):
    """The options of `pull`."""

    source: Source | None
    on_event: OnEvent | None
    on_progress: OnProgress | None
    limit: int
    deadline: float | None
    evidence: Path | None


class Pull:
    """One run through the stream, from the number after the last one that the outbox has pulled."""

    def __init__(
        self,
        outbox: Outbox,
        sequencer: Sequencer,
        trust: Trust,
        on_event: OnEvent | None,
        on_progress: OnProgress | None,
        evidence: Path | None,
    ) -> None:
        if not trust.keys:
            raise usage("a pull needs the sequencer's public key")
        self._folder = may_sync(outbox, evidence)
        self.next = outbox.last_pulled() + 1
        self.done = Pulled(last_sequence=self.next - 1, head_sequence=outbox.head_sequence())
        self._outbox = outbox
        self._sequencer = sequencer
        self._trust = trust
        self._on_event = on_event
        self._meter = Meter(on_progress)
        self._keys: dict[tuple[UUID, int], AgentKey] = {}

    def take(self, window: EventWindow) -> bool:
        """Verify a window and store it; returns whether the next one may be asked for.

        ClientError with exit code 1 if an event does not verify (nothing of its window is stored), or if the window
        contradicts an earlier answer.
        """
        earlier = self._outbox.head_sequence()
        if window.head_sequence < earlier:
            raise self._stop(self._outbox.head_went_back(earlier, window.head_sequence))
        verified = self._verified(window)
        try:
            fresh = self._outbox.store_pulled(verified, window.head_sequence)
        except ContradictionFound as found:
            raise self._stop(found.evidence) from found
        self.next += len(verified)
        self.done.events += len(fresh)
        self.done.last_sequence = self.next - 1
        self.done.head_sequence = window.head_sequence
        self.done.complete = self.next > window.head_sequence
        if self._on_event:
            for pulled in fresh:
                self._on_event(pulled)
        self._meter.advance(len(verified), lambda: window.head_sequence - self.done.last_sequence)
        return bool(verified) and not self.done.complete

    def _verified(self, window: EventWindow) -> list[PulledEvent]:
        verified: list[PulledEvent] = []
        for item in window.events:
            due = self.next + len(verified)
            if not due <= item.sequence_number <= window.head_sequence:
                raise check_failed(f"the server sent number {item.sequence_number} where {due} was due")
            if not bytes(item.receipt):
                return verified  # not signed yet: a worker of the sequencer does it, and a later pull goes on here
            checked = self._checked(item)
            if item.sequence_number > due:
                later = SignedReceipt(checked.signing_hash.hex(), item.receipt)
                raise self._stop(self._outbox.number_missing(due, window.head_sequence, later))
            verified.append(checked)
        if not window.events and self.next <= window.head_sequence:
            raise self._stop(self._outbox.number_missing(self.next, window.head_sequence, None))
        return verified

    def _checked(self, item: NumberedEvent) -> PulledEvent:
        """Check hashes, the agent's signature and the receipt of an event (VES 4, 6.3, 11)."""
        try:
            event = json_decode.decode(item.event, type=StoredEnvelope)
            receipt = decode_receipt(bytes(item.receipt))
            findings = [] if item.payload_shredded else check_event(event, None)
            signing_hash = event.signing_hash()
            findings += self._signature_findings(event, signing_hash)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ProtocolError) as error:
            raise check_failed(
                f"the server sent a malformed event {item.sequence_number}: {error}"
            ) from error
        stream = (self._outbox.tenant_id, self._outbox.store_id)
        if (event.tenant_id, event.store_id) != stream:
            findings.append("it is of another stream")
        if (receipt.event_id, receipt.sequence_number) != (event.event_id, item.sequence_number):
            findings.append("its receipt is for another event or number")
        findings += self._trust.check(receipt, *stream, signing_hash)
        if findings:
            details = {"sequence_number": item.sequence_number, "findings": findings}
            raise check_failed("the server sent an event that does not verify", details)
        return PulledEvent(
            item.sequence_number,
            event,
            bytes(item.event),
            signing_hash,
            receipt,
            bytes(item.receipt),
            item.payload_shredded,
        )

    def _signature_findings(self, event: StoredEnvelope, signing_hash: bytes) -> list[str]:
        key = self._key_of(event.source_agent_id, event.agent_key_id)
        if key is None:
            return [f"agent {event.source_agent_id} has no key {event.agent_key_id}"]
        bundle = event.agent_signature_bundle
        finding = signature_error(
            key,
            event.agent_signature_scheme,
            signing_hash,
            event.signature(),
            None if bundle is None else msgspec.json.encode(bundle),
        )
        return [finding] if finding else []

    def _key_of(self, agent_id: UUID, key_id: int) -> AgentKey | None:
        """Return the agent's own key, a pinned one, or one that the sequencer names now and that is pinned then."""
        own = self._outbox.key
        if (agent_id, key_id) == (own.agent_id, own.key_id):
            return AgentKey(agent_id, key_id, ALGORITHM_ED25519, own.public_key)
        if (agent_id, key_id) not in self._keys:
            with self._outbox.transaction():
                found = self._outbox.pinned_keys().find(agent_id, key_id)
            if found is None:
                listed = self._sequencer.list_agent_keys(self._outbox.tenant_id, agent_id)
                with self._outbox.transaction():
                    pinned = self._outbox.pinned_keys()
                    pinned.pin(agent_id, listed)
                    found = pinned.find(agent_id, key_id)
            if found is None:
                return None
            self._keys[agent_id, key_id] = found
        return self._keys[agent_id, key_id]

    def _stop(self, found: Contradiction) -> ClientError:
        return stop(self._outbox, found, self._folder)


def pull(
    outbox: Outbox,
    sequencer: Sequencer,
    trust: Trust,
    *,
    source: Source | None = None,
    on_event: OnEvent | None = None,
    on_progress: OnProgress | None = None,
    limit: int = 500,
    deadline: float | None = None,
    evidence: Path | None = None,
) -> Pulled:
    """Fetch the stream's events after the last pulled one, verify and store them; may be killed and repeated anywhere.

    `source` is where windows of `limit` events come from, by default the sequencer's HTTP API, which also names the
    agents' public keys. `on_event` is called with each event that was stored, `on_progress` after each window. No new
    window is asked for after `deadline` seconds. Raises ClientError as `push` does: nothing of a window with an event that does not verify is
    stored, and a number that is missing or given twice or a head that went back stops every sync with evidence.
    """
    run = Pull(outbox, sequencer, trust, on_event, on_progress, evidence)
    ends = time.monotonic() + deadline if deadline is not None else None
    stream = (outbox.tenant_id, outbox.store_id)
    while run.take((source or sequencer).list_events(*stream, run.next, min(limit, MOST_EVENTS))):
        if ends is not None and time.monotonic() >= ends:
            break
    return run.done


def follow(
    outbox: Outbox,
    sequencer: Sequencer,
    trust: Trust,
    stop: threading.Event,
    *,
    source: Source | None = None,
    on_event: OnEvent | None = None,
    evidence: Path | None = None,
) -> Pulled:
    """Pull, and go on as events come, until `stop` is set; it may be noticed some seconds later.

    Over HTTP the stream is asked once a second, over gRPC it tells by itself. Errors as of `pull`: a lost connection ends
    it with exit code 3, after the retries of the transport.
    """
    run = Pull(outbox, sequencer, trust, on_event, None, evidence)
    events = source or sequencer
    stream = (outbox.tenant_id, outbox.store_id)
    while not stop.is_set():
        if run.take(events.list_events(*stream, run.next, MOST_EVENTS)) or stop.is_set():
            continue
        if run.done.complete:
            events.wait_for(*stream, run.next, stop)
        else:
            stop.wait(UNSIGNED_SECONDS)
    return run.done


async def pull_async(
    outbox: Outbox, sequencer: Sequencer, trust: Trust, **options: Unpack[PullOptions]
) -> Pulled:
    """Run `pull` in a thread; `on_event` runs there too."""
    return await asyncio.to_thread(pull, outbox, sequencer, trust, **options)
