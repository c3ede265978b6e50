"""Business events in the two streams of one store, and what projectors make of them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import Agent

if TYPE_CHECKING:
    import psycopg

    from tests.sql.support import Edge

CONSUMERS = {"ves": "projection", "legacy": "legacy_projection"}
MICROS = 1_766_253_070_243_000


@dataclass(frozen=True)
class Happened:
    """One event; `payload` is a value or, as text, what is sent."""

    event_type: str
    entity_id: str = "1"
    payload: Any = field(default_factory=dict)
    base_version: int | None = None
    entity_type: str = ""

    @property
    def projector(self) -> str:
        return self.entity_type or self.event_type.partition(".")[0]

    @property
    def text(self) -> str:
        return self.payload if isinstance(self.payload, str) else json.dumps(self.payload)


@dataclass
class Store:
    """A store whose events are projected by the worker's function."""

    edge: Edge
    worker: psycopg.Connection[Any]
    agent: Agent = field(default_factory=Agent)

    def __post_init__(self) -> None:
        self.agent.register(self.edge.connection)
        self._writer = Writer(self.edge.connection, self.agent.tenant_id, self.agent.store_id)

    @property
    def ids(self) -> list[uuid.UUID]:
        return [self.agent.tenant_id, self.agent.store_id]

    def append(self, *events: Happened, stream: str = "legacy") -> None:
        """Append; every event has to be accepted."""
        if stream == "ves":
            answer = self.edge.ingest(
                self.agent,
                *(
                    self.agent.event(
                        e.text,
                        base_version=e.base_version,
                        entity_type=e.projector,
                        entity_id=e.entity_id,
                        event_type=e.event_type,
                    )
                    for e in events
                ),
            )
        else:
            answer = self._writer.ingest(
                *(Legacy(entity_type=e.projector, entity_id=e.entity_id, payload=e.text) for e in events),
                event_types=[e.event_type for e in events],
                # numbers differ, so do times
                created_at_micros=[MICROS + 1000 * n for n in range(len(events))],
            )
        assert answer.kinds == ["accepted"] * len(events)

    def project(self, stream: str = "legacy", max_events: int = 2000) -> tuple[int, int, str | None]:
        """Numbers seen, events rejected, error of one step."""
        row = self.worker.execute(
            "select events, rejected, error from ves.project_events(%s, array[%s::uuid], array[%s::uuid], %s)",
            [CONSUMERS[stream], *self.ids, max_events],
        ).fetchone()
        assert row is not None
        return row

    def after(self, *events: Happened, stream: str = "legacy") -> Store:
        self.append(*events, stream=stream)
        assert self.project(stream)[2] is None
        return self

    def entities(self, projector: str, stream: str = "legacy") -> dict[str, dict[str, Any]]:
        """Entities by id, with their members but the times."""
        rows = self.edge.connection.execute(
            "select entity_id, entity from ves.list_projections(%s, %s, %s, %s)",
            [*self.ids, projector, stream],
        ).fetchall()
        return {
            entity_id: {name: value for name, value in entity.items() if not name.endswith("_at")}
            for entity_id, entity in rows
        }

    def entity(self, projector: str, entity_id: str = "1", stream: str = "legacy") -> dict[str, Any]:
        return self.entities(projector, stream)[entity_id]

    def rejections(self, reader: psycopg.Connection[Any]) -> list[tuple[int, str, str]]:
        """Number, reason and message of each rejection of the store, in order."""
        return reader.execute(
            "select sequence_number, reason, message from ves_store.rejected_events_log"
            " where tenant_id = %s and store_id = %s order by stream, sequence_number",
            self.ids,
        ).fetchall()
