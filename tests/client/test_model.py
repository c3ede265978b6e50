"""Random histories of an outbox and a faulty server against a small model."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.cli.offline import AGENT, SEQUENCER_KEY, STORE, TENANT
from tests.client.double import Double, serving
from ves_client import ClientError, Outbox, Sequencer, Trust, push


class Histories(RuleBasedStateMachine):
    """The model: events in the order of recording with `bad` ones, and the order in which numbers were given."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.server = serving(Double(refuse=lambda event: "bad" if event["payload"]["bad"] else None))
        self.double = self.server.__enter__()
        self.waiting: list[tuple[str, bool]] = []
        self.held: list[str] = []
        self.dropped: list[str] = []
        self.numbered: list[str] = []
        self.open()

    def open(self) -> None:
        self.outbox = Outbox(Path(self.folder.name) / "shop.db", AGENT, TENANT, STORE)

    @rule(bad=st.lists(st.sampled_from([False, False, True]), min_size=1, max_size=4))
    def record(self, bad: list[bool]) -> None:
        with self.outbox.transaction():
            for each in bad:
                event_id = self.outbox.record("order", "O", "order.created", {"bad": each})
                self.waiting.append((str(event_id), each))

    @rule(
        faults=st.lists(st.sampled_from([None, "lose", "lose answer"]), max_size=6),
        batch=st.integers(1, 5),
        decision=st.sampled_from(["hold", "drop"]),
    )
    def push(self, faults: list[str | None], batch: int, decision: Any) -> None:
        """A push without retries: it may end at any fault, and the next one goes on."""
        left = iter(faults)
        self.double.fault = lambda _: next(left, None)
        decide = {"hold": self.held, "drop": self.dropped}[decision]
        try:
            with Sequencer(self.double.url, "ss_x", attempts=1) as sequencer:
                push(
                    self.outbox,
                    sequencer,
                    Trust((SEQUENCER_KEY,)),
                    batch=batch,
                    on_refusal=lambda _: decision,
                )
            settled = self.waiting
            assert self.outbox.pending(1, 1) == []
        except ClientError:
            first = self.outbox.pending(1, 1)[0].event_id
            settled = self.waiting[: [event_id for event_id, _ in self.waiting].index(str(first))]
        self.waiting = self.waiting[len(settled) :]
        self.numbered += [event_id for event_id, bad in settled if not bad]
        decide += [event_id for event_id, bad in settled if bad]

    @rule()
    def restart(self) -> None:
        self.outbox.close()
        self.open()

    @rule()
    def prune(self) -> None:
        self.outbox.prune(timedelta(0))
        self.dropped = []

    @rule()
    def drop_the_held(self) -> None:
        for refused in self.outbox.refused():
            self.outbox.drop(refused.event_id)
        self.dropped += self.held
        self.held = []

    @rule()
    def release_the_held(self) -> None:
        """Every event that is held is bad; it waits again in its old place before later ones."""
        for refused in self.outbox.refused():
            self.outbox.release(refused.event_id)
        self.waiting = sorted([*self.waiting, *((event_id, True) for event_id in self.held)], key=self.place)
        self.held = []

    def place(self, item: tuple[str, bool]) -> int:
        rows = self.outbox.connect()
        place = rows.execute("select id from outbox where event_id = ?", (item[0],)).fetchone()[0]
        rows.close()
        return int(place)

    @invariant()
    def the_file_says_what_the_model_says(self) -> None:
        if not hasattr(self, "outbox"):
            return
        assert [str(item.event_id) for item in self.outbox.receipts()] == self.numbered
        assert self.double.order[: len(self.numbered)] == self.numbered
        assert len(self.double.order) == len(set(self.double.order))
        assert sorted(str(item.event_id) for item in self.outbox.refused()) == sorted(self.held)
        dropped = self.outbox.refused(dropped=True)
        assert sorted(str(item.event_id) for item in dropped) == sorted(self.dropped)
        assert [str(item.event_id) for item in self.outbox.pending(1000, 10**9)] == [
            event_id for event_id, _ in self.waiting
        ]

    def teardown(self) -> None:
        if hasattr(self, "outbox"):
            self.outbox.close()
            self.server.__exit__(None, None, None)
            self.folder.cleanup()


Histories.TestCase.settings = settings(
    max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestHistories = Histories.TestCase
