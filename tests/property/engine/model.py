"""VES 14 and 15 once more: slow, obvious, one event at a time, in plain Python. The oracle of the engine."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from tests.sql.support import Outcome

Stream = uuid.UUID  # the store: one tenant is modelled


@dataclass(frozen=True)
class Sent:
    """What the engine's caller knows about an event after steps 5, 6 and 8."""

    event_id: uuid.UUID
    content: bytes
    entity: str
    command_id: uuid.UUID | None = None
    base_version: int | None = None
    refusal: str | None = None
    key_is_known: bool = True

    @property
    def whole(self) -> tuple[object, ...]:
        """Everything that an exact replay repeats."""
        return (self.content, self.command_id, self.base_version)


@dataclass
class Model:
    """All streams of one tenant."""

    stored: dict[uuid.UUID, tuple[Stream, tuple[object, ...], int]] = field(default_factory=dict)
    commands: set[tuple[Stream, uuid.UUID]] = field(default_factory=set)
    versions: dict[tuple[Stream, str], int] = field(default_factory=dict)
    heads: dict[Stream, int] = field(default_factory=dict)

    def ingest(self, store: Stream, batch: list[Sent]) -> list[Outcome]:
        """What each event of a batch must be answered."""
        seen: set[uuid.UUID] = set()
        held: set[uuid.UUID] = set()
        outcomes: dict[int, Outcome] = {}
        left = []
        for at, event in enumerate(batch):
            outcome = self._before_the_lock(store, event, seen, held)
            if outcome is None:
                left.append(at)
            else:
                outcomes[at] = outcome
        for at in left:
            outcomes[at] = self._under_the_lock(store, batch[at])
        return [outcomes[at] for at in range(len(batch))]

    def _before_the_lock(  # noqa: PLR0911 - one return a step
        self, store: Stream, event: Sent, seen: set[uuid.UUID], held: set[uuid.UUID]
    ) -> Outcome | None:
        def refused(reason: str) -> Outcome:
            return Outcome("rejected", reason=reason, phase=1)

        if event.event_id in seen:  # step 1
            return refused("duplicate_event_id")
        seen.add(event.event_id)
        if event.event_id in self.stored:  # steps 2 to 4
            where, whole, number = self.stored[event.event_id]
            replays = where == store and whole == event.whole and event.refusal in (None, "invalid_signature")
            return Outcome("replayed", number) if replays else refused("duplicate_event_id")
        if event.refusal is not None and event.refusal != "invalid_signature":  # steps 5 and 6
            return refused(event.refusal)
        if not event.key_is_known:  # step 7
            return refused("agent_key_invalid: Agent key not found")
        if event.refusal is not None:  # step 8
            return refused(event.refusal)
        if event.command_id is not None:  # steps 9 and 10
            if event.command_id in held:
                return refused("duplicate_command_id")
            held.add(event.command_id)
            if (store, event.command_id) in self.commands:
                return refused("duplicate_command_id")
        return None

    def _under_the_lock(self, store: Stream, event: Sent) -> Outcome:
        entity = (store, event.entity)
        version = self.versions.get(entity, 0)
        if event.base_version is not None and event.base_version != version:  # step 12
            reason = f"version_conflict: expected {event.base_version}, actual {version}"
            return Outcome("rejected", reason=reason, phase=2)
        number = self.heads.get(store, 0) + 1  # steps 13 and 14
        self.heads[store] = number
        self.versions[entity] = version + 1
        self.stored[event.event_id] = (store, event.whole, number)
        if event.command_id is not None:
            self.commands.add((store, event.command_id))
        return Outcome("accepted", number)
