"""Sending an outbox: batches in order, every receipt verified before it is stored (operations 14, VES 11, 14)."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypedDict, Unpack
from uuid import UUID

import orjson

from ves import json_decode
from ves.errors import ProtocolError
from ves_client.adoption import adopt
from ves_client.agent import Event
from ves_client.contradictions import describe, write_contradiction
from ves_client.errors import ClientError, Exit, check_failed, usage
from ves_client.evidence import CommitmentRecord, check_commitment
from ves_client.outbox_rows import ContradictionFound
from ves_client.progress import Backlog, Meter, OnProgress
from ves_client.sequencer import BODY_LIMIT, IngestAnswer, Rejection

if TYPE_CHECKING:
    from ves.receipts import Receipt
    from ves_client.contradictions import Contradiction
    from ves_client.outbox import Outbox
    from ves_client.outbox_rows import Pending, Refused
    from ves_client.sequencer import Sequencer
    from ves_client.trust import Trust

Decision = Literal["hold", "drop"] | Event
OnRefusal = Callable[["Refused"], Decision]
OnReceipt = Callable[[UUID, "Receipt"], None]
CONFLICT = "version_conflict"
EVENT_BYTES = BODY_LIMIT - 1024  # of the envelopes in a request
WAIT_SECONDS = 0.05  # between two looks at the file: another process may push
BATCH_STATUSES = frozenset({400, 413})  # the limits of VES 14.1: refused whole because of one event


class Sink(Protocol):
    """Where batches go: `Sequencer` over HTTP, or `GrpcSync`."""

    def ingest(self, agent_id: UUID, envelopes: Sequence[bytes]) -> IngestAnswer:
        """Send signed envelopes of one agent and stream; replays get the original receipts (VES 14)."""


@dataclass(slots=True)
class Pushed:
    """Counts of a push. `complete` is false if the deadline ended it while events were left to send."""

    accepted: int = 0
    replayed: int = 0
    refused: int = 0
    complete: bool = True
    held: list[UUID] = field(default_factory=list)


def hold(_refused: Refused) -> Decision:
    """Keep a refused event with its reason until a person decides: the strategy of a push without `on_refusal`."""
    return "hold"


def last_writer_wins(refused: Refused) -> Decision:
    """Resolve a conflict of versions (VES 15): sign the event again without `base_version`; hold any other refusal."""
    if refused.reason.startswith(CONFLICT):
        return dataclasses.replace(refused.event, base_version=None)
    return "hold"


def first_writer_wins(refused: Refused) -> Decision:
    """Resolve a conflict of versions (VES 15): drop the event; hold any other refusal."""
    return "drop" if refused.reason.startswith(CONFLICT) else "hold"


class PushOptions(TypedDict, total=False):
    """The options of `push`."""

    on_refusal: OnRefusal
    on_receipt: OnReceipt | None
    on_progress: OnProgress | None
    batch: int
    deadline: float | None
    evidence: Path | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A request under way: its events, the greatest head that was known before, and the answer to come."""

    events: list[Pending]
    head: int
    answer: Future[IngestAnswer]


class Push:
    """One run through the pending events of an outbox.

    At most one request is under way, so the sequencer numbers an agent's events in the order of recording. The answer to a
    batch is verified and stored while the next batch is under way, unless the answer has refusals.
    """

    def __init__(
        self,
        outbox: Outbox,
        sequencer: Sink,
        trust: Trust,
        on_refusal: OnRefusal,
        on_receipt: OnReceipt | None,
        on_progress: OnProgress | None,
        evidence: Path,
    ) -> None:
        self.done = Pushed()
        self._meter = Meter(on_progress)
        self._backlog = Backlog(outbox)
        self._outbox = outbox
        self._sequencer = sequencer
        self._trust = trust
        self._on_refusal = on_refusal
        self._on_receipt = on_receipt
        self._evidence = evidence
        self._asked: set[UUID] = set()
        self._head = 0  # the greatest of the answers of this run

    def run(self, size: int, ends: float | None) -> Pushed:
        """Send batches of up to `size` events; none begins after the time `ends` of the monotonic clock."""

        def begin(events: list[Pending]) -> Sent | None:
            if events and ends is not None and time.monotonic() >= ends:
                self.done.complete = False
                return None
            return self._send(events) if events else None

        sent = begin(self._outbox.pending(size, EVENT_BYTES))
        while sent:
            following = self._outbox.pending(size, EVENT_BYTES, after=sent.events[-1].row)
            if not following:
                self._backlog.recount()
            answer = self._answer_to(sent)
            ahead = begin(following) if answer and _has_only_receipts(sent.events, answer) else None
            if answer:
                try:
                    self._settle(sent.events, answer, sent.head)
                except Exception:
                    # The answer is not read: the next push sends these events again and gets the same receipts.
                    if ahead:
                        ahead.answer.exception()
                    raise
            sent = ahead or begin(self._outbox.pending(size, EVENT_BYTES))
        return self.done

    def _send(self, events: list[Pending]) -> Sent:
        """Begin a request in a daemon thread, so that Ctrl-C need not wait for its answer."""
        answer: Future[IngestAnswer] = Future()

        def ask() -> None:
            try:
                envelopes = [event.envelope for event in events]
                answer.set_result(self._sequencer.ingest(self._outbox.key.agent_id, envelopes))
            except BaseException as error:  # noqa: BLE001 - raised where the answer is read
                answer.set_exception(error)

        sent = Sent(events, max(self._head, self._outbox.head_sequence()), answer)
        threading.Thread(target=ask, name="ves-push", daemon=True).start()
        self._outbox.mark_pushed(events)
        return sent

    def _answer_to(self, sent: Sent) -> IngestAnswer | None:
        """Wait for an answer. None if the server's limits refused the batch: its halves have been sent and stored."""
        try:
            answer = sent.answer.result()
        except ClientError as error:
            # Without the server's own code the refusal says nothing about the events: a proxy may have sent it.
            if error.details.get("http_status") not in BATCH_STATUSES or error.code.startswith("http_"):
                raise
            if len(sent.events) == 1:
                rejection = Rejection(sent.events[0].event_id, error.code, error.message)
                return IngestAnswer(0, 1, sent.head, rejections=[rejection])
            middle = len(sent.events) // 2
            for half in (sent.events[:middle], sent.events[middle:]):
                part = self._send(half)
                if found := self._answer_to(part):
                    self._settle(part.events, found, part.head)
            return None
        self._head = max(self._head, answer.head_sequence)
        return answer

    def _settle(self, events: list[Pending], answer: IngestAnswer, head: int) -> None:
        by_id = {event.event_id: event for event in events}
        receipts = [
            (self._checked(by_id.pop(receipt.event_id, None), receipt), receipt, text)
            for receipt, text in answer.decoded()
        ]
        rejections = [
            (by_id.pop(rejection.event_id), rejection)
            for rejection in answer.rejections
            if rejection.event_id in by_id
        ]
        if by_id or len(rejections) != len(answer.rejections):
            raise check_failed("the server did not answer for every event of a batch")
        if answer.head_sequence < max((receipt.sequence_number for _, receipt, _ in receipts), default=0):
            raise check_failed("the server's head is below a number that it gave in the same answer")
        if answer.head_sequence < head:
            raise self._stopped(self._outbox.head_went_back(head, answer.head_sequence))
        try:
            self._outbox.settle(receipts, rejections, answer.head_sequence)
        except ContradictionFound as found:
            raise self._stopped(found.evidence) from found
        self.done.accepted += answer.events_accepted
        self.done.replayed += len(receipts) - answer.events_accepted
        for event, receipt, _ in receipts:
            if self._on_receipt:
                self._on_receipt(event.event_id, receipt)
        self._decide({event.event_id for event, _ in rejections})
        self._meter.advance(len(events), lambda: self._backlog.after(len(events)))

    def _checked(self, event: Pending | None, receipt: Receipt) -> Pending:
        if event is None:
            raise check_failed("the server sent a receipt for an event that was not asked about")
        findings = self._trust.check(
            receipt, self._outbox.tenant_id, self._outbox.store_id, event.signing_hash
        )
        if findings:
            details = {"event_id": str(receipt.event_id), "findings": findings}
            raise check_failed("the server gave a receipt that does not verify", details)
        return event

    def _decide(self, refused: set[UUID]) -> None:
        """Ask `on_refusal` about each event, once a push: an edit that is refused again is held."""
        self.done.refused += len(refused)
        if not refused:
            return
        for item in self._outbox.refused():
            if item.event_id not in refused:
                continue
            decision: Decision = "hold" if item.event_id in self._asked else self._on_refusal(item)
            if isinstance(decision, Event):
                self._outbox.replace(item.event_id, decision)
                self._asked.add(decision.event_id)
            elif decision == "drop":
                self._outbox.drop(item.event_id)
            else:
                self.done.held.append(item.event_id)

    def _stopped(self, found: Contradiction) -> ClientError:
        return stop(self._outbox, found, self._evidence)


def _has_only_receipts(events: list[Pending], answer: IngestAnswer) -> bool:
    """Whether nothing in an answer asks for a decision before the next batch; its receipts are verified later."""
    return not answer.rejections and len(answer.receipts) == len(events)


def stop(outbox: Outbox, found: Contradiction, folder: Path) -> ClientError:
    """Stop every sync of the outbox, and build the error that says why."""
    outbox.stop(found)
    return stopped(found, folder)


def stopped(found: Contradiction, folder: Path) -> ClientError:
    """Write the evidence file and build the error that stops the sync: exit code 1."""
    path = write_contradiction(found, folder)
    message = f"the sequencer contradicts itself: {describe(found)}"
    details = {"kind": found.kind, "evidence": str(path)}
    return ClientError(Exit.CHECK_FAILED, "sequencer_contradiction", message, details)


def check_commitments(outbox: Outbox, sequencer: Sequencer, *, evidence: Path | None = None) -> int:
    """Fetch the stream's commitments, check them against those seen before, and store them; returns their count.

    ClientError with exit code 1 if one does not verify by itself (VES 10.2), or, as in `push`, if it contradicts an
    earlier one.
    """
    folder = may_sync(outbox, evidence)
    listed = sequencer.list_commitments(outbox.tenant_id, outbox.store_id)
    try:
        with outbox.transaction():
            seen = outbox.commitments()
            for document in sorted(listed, key=lambda each: int(each["sequence_start"])):
                text = orjson.dumps(document)
                seen.add(_checked_commitment(outbox, text), text)
    except ContradictionFound as found:
        raise stop(outbox, found.evidence, folder) from found
    return len(listed)


def _checked_commitment(outbox: Outbox, text: bytes) -> CommitmentRecord:
    commitment = json_decode.decode(text, type=CommitmentRecord)
    try:
        findings = check_commitment(commitment)
    except ProtocolError as error:
        findings = [f"malformed: {error}"]
    if (commitment.tenant_id, commitment.store_id) != (outbox.tenant_id, outbox.store_id):
        findings.append("it is of another stream")
    if findings:
        details = {"batch_id": str(commitment.batch_id), "findings": findings}
        raise check_failed("the server sent a commitment that does not verify", details)
    return commitment


def may_sync(outbox: Outbox, evidence: Path | None) -> Path:
    """Return the folder for evidence; raises the error of the contradiction that has stopped the outbox, if any."""
    folder = evidence or Path(outbox.path).absolute().parent
    if found := outbox.contradiction():
        raise stopped(found, folder)
    return folder


def push(
    outbox: Outbox,
    sequencer: Sink,
    trust: Trust,
    *,
    on_refusal: OnRefusal = hold,
    on_receipt: OnReceipt | None = None,
    on_progress: OnProgress | None = None,
    batch: int = 200,
    deadline: float | None = None,
    evidence: Path | None = None,
) -> Pushed:
    """Send the pending events in order; resumable at any point, because replays return the original receipts.

    A refused event is stored with its reason and `on_refusal` decides: "hold", "drop", or an `Event` to sign in its
    place. `on_progress` is called after each batch. No new batch begins after `deadline` seconds. Callbacks run in the
    calling thread. Raises ClientError: exit code 1 if a receipt does not verify (nothing of its batch is stored) or the
    sequencer contradicts itself (the evidence file is written into the folder `evidence`, by default the outbox's, and no
    push sends anything until `Outbox.resume`), 2 without a trusted key, 3 and 4 from the transport. One further batch may
    be under way when that is found; its answer is not stored.
    """
    if not trust.keys:
        raise usage("a push of an outbox needs the sequencer's public key")
    folder = may_sync(outbox, evidence)
    ends = time.monotonic() + deadline if deadline is not None else None
    adopt(outbox)
    return Push(outbox, sequencer, trust, on_refusal, on_receipt, on_progress, folder).run(batch, ends)


async def push_async(outbox: Outbox, sequencer: Sink, trust: Trust, **options: Unpack[PushOptions]) -> Pushed:
    """Run `push` in a thread; the callbacks run there too."""
    return await asyncio.to_thread(push, outbox, sequencer, trust, **options)


def wait(outbox: Outbox, *, timeout: float | None = None) -> bool:
    """Wait until every event that is recorded now has its receipt or is refused, by a push of any thread or process.

    False if that has not happened after `timeout` seconds.
    """
    last = outbox.last_row()
    ends = time.monotonic() + timeout if timeout is not None else None
    after = 0
    while True:
        # Rows that were passed are read again only at the end: a refused event may have been released meanwhile.
        row = outbox.first_unsettled(after, last) or outbox.first_unsettled(0, last)
        if row is None:
            return True
        after = row - 1
        if ends is not None and time.monotonic() >= ends:
            return False
        time.sleep(WAIT_SECONDS)
