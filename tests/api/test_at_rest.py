"""Encryption at rest over REST: the modes, what is stored, and what is answered when it does not open."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.api.legacy_support import EVENTS, Sender
from tests.api.support import Agent, assert_error
from tests.support.keyring import KEY
from tests.support.processes import Server
from ves.keyring import key_id_of
from ves_api.settings import load
from ves_api.startup import prepare_server
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Database

FORMS = "select count(payload), count(payload_at_rest) from ves_store.{}"


def forms(database: Database, table: str) -> tuple[int, int]:
    with database.connect() as connection:
        row = connection.execute(FORMS.format(table)).fetchone()
    assert row is not None
    return row[0], row[1]


def test_required_is_the_default_and_stores_ciphertext(
    start_server: Callable[..., Server], database: Database
) -> None:
    agent, sender = Agent(), Sender()
    with start_server().client() as admin:
        assert agent.register(admin).status_code == 200
        event = agent.event()
        assert agent.ingest(admin, event, agent.event()).json()["eventsAccepted"] == 2
        assert agent.ingest(admin, event).json()["receipts"][0]["sequenceNumber"] == 1
        for _ in range(3):
            assert sender.ingest(admin, sender.event(), sender.event()).json()["events_accepted"] == 2
        assert len(sender.get(admin, EVENTS).json()["events"]) == 6
    assert forms(database, "ves_events") == (0, 2)
    assert forms(database, "events") == (0, 6)


def test_a_legacy_event_that_is_refused_moves_the_numbers_and_all_stays_readable(
    start_server: Callable[..., Server],
) -> None:
    sender = Sender()
    with start_server().client() as admin:
        known = sender.event()
        assert sender.ingest(admin, known).json()["events_accepted"] == 1
        answer = sender.ingest(admin, known, sender.event(), known, sender.event()).json()
        assert (answer["events_accepted"], answer["events_rejected"]) == (2, 2)
        listed = sender.get(admin, EVENTS).json()["events"]
        assert [e["envelope"]["sequence_number"] for e in listed] == [1, 2, 3]


def test_disabled_stores_the_text_received(start_server: Callable[..., Server], database: Database) -> None:
    sender = Sender()
    raw = b'{ "z":1e16,"a" : -0, "a":1.0 }'
    with start_server(PAYLOAD_ENCRYPTION_MODE="disabled").client() as admin:
        sender.ingest(admin, sender.event(raw=raw))
        assert b'"payload":' + raw + b"," in sender.get(admin, EVENTS).content
    assert forms(database, "events") == (1, 0)


def test_a_payload_under_a_key_that_is_gone_is_a_registered_error_and_shredded_ones_are_marked(
    start_server: Callable[..., Server], database: Database
) -> None:
    sender = Sender()
    ring = f"{'77' * 32},{KEY.hex()}"
    with start_server(PAYLOAD_ENCRYPTION_KEY="", PAYLOAD_ENCRYPTION_KEYS=ring).client() as admin:
        sender.ingest(admin, sender.event(), sender.event())
    with start_server().client() as admin:
        error = assert_error(sender.get(admin, EVENTS), 500, "ENCRYPTION_ERROR")
        assert error["details"]["reason"] == "unknown_key"
    with database.connect("ves_admin") as operator:
        for number in (1, 2):
            operator.execute(
                "select ves.shred_payload(%s, %s, %s, 'asked for', 'legacy')",
                [sender.tenant_id, sender.store_id, number],
            )
    with start_server().client() as admin:
        for event in sender.get(admin, EVENTS).json()["events"]:
            assert "payload" not in event["envelope"]
            assert event["payload_shredded_at"].endswith("Z")


def test_a_ring_in_a_file_is_read_again_when_it_changes_and_kept_when_it_breaks(tmp_path: Path) -> None:
    path = tmp_path / "ring"
    path.touch(mode=0o600)
    path.write_text(f"PAYLOAD_ENCRYPTION_KEY={'11' * 32}\n")
    source = load({"VES_KEYRING_FILE": str(path)}).at_rest.source
    first = source.ring().default
    path.write_text(f"PAYLOAD_ENCRYPTION_KEYS={'22' * 32},{'11' * 32}\n")
    second = source.ring().default
    assert second[1:] == first
    path.write_text("PAYLOAD_ENCRYPTION_KEYS=nonsense\n")
    assert source.ring().default == second
    assert "PAYLOAD_ENCRYPTION_KEYS" in str(source.problem)
    assert "nonsense" not in str(source.problem)


def test_a_ring_without_the_key_of_the_database_stops_the_start(database: Database) -> None:
    def start(**ring: str) -> None:
        key = "ss_" + "k" * 40
        prepare_server(
            load({"DATABASE_URL": database.url("ves_api"), "BOOTSTRAP_ADMIN_API_KEY": key, **ring})
        )

    start(PAYLOAD_ENCRYPTION_KEYS=f"{'77' * 32},{KEY.hex()}")
    with pytest.raises(ApiError) as refusal:
        start(PAYLOAD_ENCRYPTION_KEY="77" * 32)
    assert refusal.value.name == "keyring_mismatch"
    assert key_id_of(KEY).hex() in refusal.value.message
    assert refusal.value.details == {"tenant_id": "00000000-0000-0000-0000-000000000000"}
    tenant = uuid.uuid4()
    with pytest.raises(ApiError) as refusal:
        start(
            PAYLOAD_ENCRYPTION_KEY=KEY.hex(),
            PAYLOAD_ENCRYPTION_KEYS_BY_TENANT=json.dumps({str(tenant): ["77" * 32]}),
        )
    assert refusal.value.details == {"tenant_id": str(tenant)}


def test_without_a_key_the_server_does_not_start(tmp_path: Path, database: Database) -> None:
    process = Server(database.url("ves_api"), {"PAYLOAD_ENCRYPTION_KEY": ""})
    process.launch(tmp_path / "log")
    assert process.process is not None
    assert process.process.wait(60) != 0
    assert "PAYLOAD_ENCRYPTION_KEY" in process.log_text()
