"""An agent that pushes over SyncStream to the real server, with HTTP for what the stream cannot tell."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.test_outbox import TRUST, outbox_of
from tests.rpc.support import target
from tests.support.cluster import ROOT
from tests.support.processes import BOOTSTRAP_KEY
from ves import hpke
from ves_client import ClientError, Sequencer, pull, push
from ves_client.grpc_sync import GrpcSync

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.api.support import Agent
    from tests.support.processes import Server
    from ves_client import Outbox
    from ves_client.sequencer import IngestAnswer


class Asked(Sequencer):
    """HTTP, and how many batches were sent there."""

    batches = 0

    def ingest(self, agent_id: uuid.UUID, envelopes: Sequence[bytes]) -> IngestAnswer:
        self.batches += 1
        return super().ingest(agent_id, envelopes)


@pytest.fixture
def http(server: Server) -> Iterator[Asked]:
    with Asked(server.url, BOOTSTRAP_KEY) as sequencer:
        yield sequencer


@pytest.fixture
def stream(server: Server, http: Asked) -> Iterator[GrpcSync]:
    with GrpcSync(target(server), BOOTSTRAP_KEY, http) as opened:
        yield opened


@pytest.fixture
def outbox(agent: Agent, tmp_path: Path) -> Iterator[Outbox]:
    with outbox_of(agent, tmp_path) as made:
        yield made


def record(outbox: Outbox, count: int, **options: Any) -> list[uuid.UUID]:
    return [outbox.record("order", f"O-{n}", "order.created", {"n": n}, **options) for n in range(count)]


def test_events_of_every_form_are_pushed_and_receipted_over_the_stream(
    outbox: Outbox, http: Asked, stream: GrpcSync
) -> None:
    ids = record(outbox, 250)
    ids += [
        outbox.record(
            "order", "S", "order.created", {"n": 1}, recipients={7: hpke.public_key(bytes(range(32)))}
        ),
        outbox.record("order", "O-0", "order.paid", b'{"total": 1.50}', base_version=1),
        outbox.record("order", "C", "order.created", {}, command_id=uuid.uuid4()),
    ]
    assert push(outbox, stream, TRUST, batch=100).accepted == 253
    assert [item.event_id for item in outbox.receipts()] == ids
    assert (http.batches, outbox.status().head_sequence) == (0, 253)
    assert pull(outbox, http, TRUST, source=stream).events == 253


def test_a_replay_over_the_other_transport_gets_the_same_numbers(
    outbox: Outbox, http: Asked, stream: GrpcSync
) -> None:
    record(outbox, 3)
    push(outbox, stream, TRUST)
    with outbox.transaction() as connection:
        connection.execute("update outbox set acked_at = null")
    assert push(outbox, http, TRUST).replayed == 3
    with outbox.transaction() as connection:
        connection.execute("update outbox set acked_at = null")
    assert push(outbox, stream, TRUST).replayed == 3
    assert [item.sequence_number for item in outbox.receipts()] == [1, 2, 3]


def test_refusals_have_the_reasons_of_http(outbox: Outbox, http: Asked, stream: GrpcSync) -> None:
    record(outbox, 1)
    outbox.record("order", "O-0", "order.paid", {}, base_version=9)
    done = push(outbox, stream, TRUST)
    assert (done.replayed, done.refused, http.batches) == (1, 1, 1)
    assert outbox.refused()[0].reason.startswith("version_conflict")


def test_a_key_that_is_refused_is_refused_as_over_http(server: Server, outbox: Outbox) -> None:
    record(outbox, 1)
    with (
        Sequencer(server.url, "ss_wrong") as sequencer,
        GrpcSync(target(server), "ss_wrong", sequencer) as stream,
        pytest.raises(ClientError) as refused,
    ):
        push(outbox, stream, TRUST)
    assert refused.value.code == "INVALID_API_KEY"


def test_the_example_of_the_manual_pushes_and_pulls(server: Server, http: Asked, outbox: Outbox) -> None:
    record(outbox, 2)
    page = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[3].split("```", 1)[0]
    names: dict[str, Any] = {
        "grpc_target": target(server),
        "api_key": BOOTSTRAP_KEY,
        "sequencer": http,
        "outbox": outbox,
        "trust": TRUST,
        "pull": pull,
        "push": push,
    }
    exec(compile(example, "agents.md", "exec"), names)
    assert (outbox.status().acked, outbox.last_pulled(), http.batches) == (2, 2, 0)
