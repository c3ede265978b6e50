"""A stream of each kind, written through the SQL doors of a server that has the tests' key ring."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.sql.support import Agent, Edge
from tests.support import keyring, legacy_tree
from ves.keyring import Key, KeyRing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from tests.conftest import Database

MARKER = "payload-that-must-not-be-seen"
KEY = Key(keyring.KEY)
RING = KeyRing("required", (KEY,))
# The second is stored compressed.
PAYLOADS = [
    f'{{ "n":{n}.0, "m":"{MARKER}"{more}}}' for n, more in enumerate(("", f',"pad":"{"p" * 400}"', ""))
]


@dataclass
class Stream:
    """Three VES events and three legacy events of one store; `superuser` sees the tables."""

    superuser: psycopg.Connection[Any]
    keyring: Path
    agent: Agent = field(default_factory=Agent)
    payloads = PAYLOADS
    nobody = uuid.UUID(int=1)

    @classmethod
    def filled(cls, database: Database) -> Iterator[Stream]:
        """The stream; afterwards the server has the tests' key ring again."""
        try:
            with database.connect() as superuser, database.connect("ves_api") as api:
                stream = cls(superuser, database.cluster.keyring)
                Edge.open(api)
                stream.agent.register(api)
                with database.connect("ves_service") as service:
                    service.execute("select ves.ingest_signed_request(%s)", [stream.body(*PAYLOADS)])
                    service.execute("select ves.ingest_legacy_request(%s)", [stream.legacy_body()])
                yield stream
        finally:
            keyring.write(database.cluster.keyring)

    @property
    def tenant_id(self) -> uuid.UUID:
        return self.agent.tenant_id

    @property
    def store_id(self) -> uuid.UUID:
        return self.agent.store_id

    @property
    def ids(self) -> tuple[uuid.UUID, uuid.UUID]:
        return self.tenant_id, self.store_id

    def body(self, *payloads: str) -> str:
        return self.agent.body(*map(self.agent.event, payloads or ['{"later":1}']))

    def legacy_body(self, count: int = 3) -> str:
        payload = {"m": MARKER}
        events = [
            {
                "event_id": str(uuid.uuid4()),
                "tenant_id": str(self.tenant_id),
                "store_id": str(self.store_id),
                "entity_type": "order",
                "entity_id": f"L-{n}",
                "event_type": "order.created",
                "payload": payload,
                "payload_hash": legacy_tree.payload_hash(json.dumps(payload).encode()).hex(),
                "created_at": "2025-12-20T17:51:10.243Z",
                "source_agent": str(self.agent.agent_id),
            }
            for n in range(count)
        ]
        return json.dumps({"agent_id": str(self.agent.agent_id), "events": events})

    def row(self, query: str) -> Any:
        return self.superuser.execute(query).fetchone()

    def column(self, query: str, *parameters: Any) -> list[Any]:
        return [row[0] for row in self.superuser.execute(query, parameters or None)]

    def tamper(self, table: str, statement: str) -> None:
        """What somebody with the disk, or a superuser who switches triggers off, can do."""
        self.superuser.execute(f"alter table ves_store.{table} disable trigger t10_refuse_change")
        self.superuser.execute(statement)
        self.superuser.execute(f"alter table ves_store.{table} enable trigger t10_refuse_change")


def findings(stream: Stream) -> list[tuple[str, int | None]]:
    """Check and number of every row of verify_stream."""
    rows = stream.superuser.execute(
        "select check_name, sequence_number from ves.verify_stream(%s, %s)", stream.ids
    )
    return [(row[0], row[1]) for row in rows]
