"""Legacy ingest and reads over REST (http-api 2.1, 3)."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.api.legacy_support import ENTITIES, EVENTS, HEAD, INGEST, Sender
from tests.api.support import assert_error, post
from tests.api.test_credentials import mint
from ves.canonical import plain as plain_form

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server


@pytest.fixture
def sender() -> Sender:
    return Sender()


def test_an_accepted_batch_has_exactly_the_answer_of_the_reference(
    admin: httpx.Client, sender: Sender
) -> None:
    body = sender.ingest(admin, sender.event(), sender.event()).json()
    assert uuid.UUID(body.pop("batch_id"))
    assert body == {
        "events_accepted": 2,
        "events_rejected": 0,
        "assigned_sequence_start": 1,
        "assigned_sequence_end": 2,
        "head_sequence": 2,
    }


def test_a_repeat_is_refused_and_says_so_in_pascal_case(admin: httpx.Client, sender: Sender) -> None:
    event = sender.event()
    sender.ingest(admin, event)
    body = sender.ingest(admin, event).json()
    assert body["rejections"] == [
        {"event_id": event["event_id"], "reason": "DuplicateEventId", "message": "event_id already exists"}
    ]
    assert (body["events_accepted"], body["events_rejected"], body["head_sequence"]) == (0, 1, 1)
    assert body["assigned_sequence_start"] is body["assigned_sequence_end"] is None


def test_every_reason_of_a_refused_event(admin: httpx.Client, sender: Sender) -> None:
    command = str(uuid.uuid4())
    body = sender.ingest(
        admin,
        sender.event(payload_hash="11" * 32),
        sender.event(command_id=command),
        sender.event(command_id=command),
        sender.event(base_version=3),
    ).json()
    assert [r["reason"] for r in body["rejections"]] == [
        "InvalidPayloadHash",
        "DuplicateCommandId",
        "VersionConflict",
    ]


def test_an_empty_batch_is_answered_with_zeros_to_anyone_known(
    admin: httpx.Client, server: Server, sender: Sender
) -> None:
    body = sender.ingest(admin).json()
    assert uuid.UUID(body.pop("batch_id"))
    assert body == {
        "events_accepted": 0,
        "events_rejected": 0,
        "assigned_sequence_start": None,
        "assigned_sequence_end": None,
        "head_sequence": 0,
    }
    with server.client(key=None) as nobody:
        assert_error(sender.ingest(nobody), 401, "AUTH_REQUIRED")


def test_call_level_refusals_have_their_codes(admin: httpx.Client, sender: Sender) -> None:
    other = str(uuid.uuid4())
    cases: list[tuple[list[dict[str, Any]], int, str]] = [
        ([sender.event(), sender.event(store_id=other)], 400, "INVALID_FIELD_VALUE"),
        ([sender.event(source_agent=other)], 400, "INVALID_FIELD_VALUE"),
        ([sender.event(entity_id="x" * 513)], 400, "INVALID_FIELD_VALUE"),
        ([sender.event("x" * 1_048_575)], 413, "PAYLOAD_TOO_LARGE"),
        ([sender.event(payload_hash="0x" + "11" * 32)], 422, "INVALID_REQUEST_BODY"),
        ([sender.event(created_at="0000-01-01T00:00:00Z")], 422, "INVALID_REQUEST_BODY"),
    ]
    for events, status, code in cases:
        assert_error(sender.ingest(admin, *events), status, code)
    assert sender.get(admin, HEAD).json() == {"head_sequence": 0}
    assert sender.ingest(admin, sender.event("x" * 1_048_574)).json()["events_accepted"] == 1


def test_a_payload_with_the_character_u0000_is_stored_as_received(
    admin: httpx.Client, sender: Sender
) -> None:
    assert sender.ingest(admin, sender.event(raw=rb'{"a":"\u0000"}')).json()["events_accepted"] == 1
    (event,) = sender.get(admin, EVENTS).json()["events"]
    assert event["envelope"]["payload"] == {"a": "\0"}
    assert sender.ingest(admin, sender.event()).json()["events_accepted"] == 1


def test_a_version_beyond_every_entity_is_that_events_conflict(admin: httpx.Client, sender: Sender) -> None:
    answer = sender.ingest(admin, sender.event(base_version=2**63), sender.event()).json()
    assert (answer["events_accepted"], len(answer["rejections"])) == (1, 1)


def test_a_batch_has_at_most_a_thousand_events(admin: httpx.Client, sender: Sender) -> None:
    events = [sender.event() for _ in range(1001)]
    assert_error(sender.ingest(admin, *events), 413, "PAYLOAD_TOO_LARGE")
    assert sender.ingest(admin, *events[:1000]).json()["assigned_sequence_end"] == 1000
    assert sender.get(admin, EVENTS, limit=5000, **{"from": 1}).json()["count"] == 1000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 422),
        (b'{"agent_id":"x","events":[]}', 422),
        (b'{"events":[]}', 422),
        (b'{"agent_id":"%b","events":[{}]}' % str(uuid.UUID(int=1)).encode(), 422),
        (b'{"agent_id":"%b","events":%b}' % (str(uuid.UUID(int=1)).encode(), b"[" * 5000), 400),
        (b"\xff\xfe", 400),
    ],
)
def test_a_hostile_body_is_the_clients_fault(admin: httpx.Client, body: bytes, status: int) -> None:
    assert_error(post(admin, body, INGEST), status, "INVALID_REQUEST_BODY")


def test_credentials_are_checked_before_anything_is_stored(
    admin: httpx.Client, server: Server, api_database: Database, sender: Sender
) -> None:
    cases = [
        (mint(api_database, sender.tenant_id, write=False), "Write permission required"),
        (mint(api_database, uuid.uuid4()), "Tenant access denied"),
        (mint(api_database, sender.tenant_id, agent_id=uuid.uuid4()), "Agent mismatch"),
        (mint(api_database, sender.tenant_id, stores=(uuid.uuid4(),)), "Store access denied"),
    ]
    for key, message in cases:
        with server.client(key) as client:
            error = assert_error(sender.ingest(client, sender.event()), 403, "INSUFFICIENT_PERMISSIONS")
            assert error["message"] == message
    assert sender.get(admin, HEAD).json() == {"head_sequence": 0}


def test_reads_need_the_read_flag_and_the_stream(
    server: Server, api_database: Database, sender: Sender
) -> None:
    paths = [EVENTS, HEAD, f"{ENTITIES}/order/O-1", "/api/v1/commitments"]
    keys = [mint(api_database, sender.tenant_id, read=False), mint(api_database, uuid.uuid4())]
    for key in keys:
        with server.client(key) as client:
            for path in paths:
                assert_error(sender.get(client, path), 403, "INSUFFICIENT_PERMISSIONS")
    with server.client(key=None) as nobody:
        for path in paths:
            assert_error(sender.get(nobody, path), 401, "AUTH_REQUIRED")


def test_an_event_is_listed_as_it_was_sent(admin: httpx.Client, sender: Sender) -> None:
    raw = b'{ "z":1e16,"a" : -0, "a":1.0 }'
    event = sender.event(
        raw=raw,
        command_id=str(uuid.uuid4()),
        base_version=0,
        signature=[0, 255],
        envelope_version=4_294_967_295,
        created_at="9999-12-31T23:59:59.999999+00:00",
    )
    plain = sender.event(created_at="0001-01-01T01:00:00+01:00")
    assert sender.ingest(admin, event, plain).json()["events_accepted"] == 2
    answer = sender.get(admin, EVENTS)
    # Encrypted at rest a payload is kept in its compact form (VES 16).
    assert b'"payload":' + plain_form(raw) + b"," in answer.content
    first, second = answer.json()["events"]
    payload = first["envelope"].pop("payload")
    assert payload == {"z": 1e16, "a": 1.0}
    assert first["envelope"] == {k: v for k, v in event.items() if k != "payload"} | {
        "created_at": "9999-12-31T23:59:59.999999Z",
        "sequence_number": 1,
    }
    assert first["sequenced_at"].endswith("Z")
    assert second["envelope"]["envelope_version"] == 1
    assert second["envelope"]["created_at"] == "0001-01-01T00:00:00Z"
    assert not {"command_id", "base_version", "signature"} & set(second["envelope"])


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"from": 0, "limit": 1}, []),
        ({"from": 0, "limit": 3}, [1, 2]),
        ({"from": 2, "limit": 2}, [2, 3]),
        ({"from": 6}, []),
        ({"from": 2**64 - 1, "limit": 2**32 - 1}, []),
    ],
)
def test_a_window_counts_numbers_from_its_start(
    admin: httpx.Client, sender: Sender, query: dict[str, int], numbers: list[int]
) -> None:
    sender.send(admin, 5)
    body = sender.get(admin, EVENTS, **query).json()
    assert [e["envelope"]["sequence_number"] for e in body["events"]] == numbers
    assert body["count"] == len(numbers)


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 2**32}, {"limit": "x"}, {"from": -1}, {"from": 2**64}, {"tenant_id": "x"}],
)
def test_a_window_that_makes_no_sense_is_refused(
    admin: httpx.Client, sender: Sender, query: dict[str, Any]
) -> None:
    assert_error(sender.get(admin, EVENTS, **query), 400, "INVALID_FIELD_VALUE")
    assert_error(admin.get(HEAD), 400, "INVALID_FIELD_VALUE")


def test_a_missing_event_is_a_gap_and_not_left_out(
    admin: httpx.Client, api_database: Database, sender: Sender
) -> None:
    sender.send(admin, 3)
    with api_database.connect() as superuser:
        superuser.execute("set session_replication_role to replica")
        superuser.execute(
            "delete from ves_store.events where tenant_id = %s and sequence_number = 2", [sender.tenant_id]
        )
    assert_error(sender.get(admin, EVENTS), 409, "SEQUENCE_GAP", 7003)


def test_a_history_is_paged_by_offset(admin: httpx.Client, sender: Sender) -> None:
    sender.ingest(admin, *[sender.event(entity_id="O-1") for _ in range(101)], sender.event())
    path = f"{ENTITIES}/order/O-1"
    page = sender.get(admin, path, limit=0).json()
    assert (page["entity_type"], page["entity_id"]) == ("order", "O-1")
    assert (page["count"], page["total"], page["has_more"], len(page["events"])) == (100, 101, True, 100)
    last = sender.get(admin, path, limit=1000, **{"from": 100}).json()
    assert (last["count"], last["has_more"]) == (1, False)
    assert last["events"][0]["envelope"]["sequence_number"] == 101
    beyond = sender.get(admin, path, **{"from": 2**64 - 1}).json()
    assert (beyond["count"], beyond["total"], beyond["has_more"]) == (0, 101, False)
    unknown = sender.get(admin, f"{ENTITIES}/order/none").json()
    assert (unknown["events"], unknown["total"], unknown["has_more"]) == ([], 0, False)


@pytest.mark.parametrize("name", ["SKU/1", "a b?c#d", "山田 %2F", "..", "a//b", "x" * 512])
def test_a_name_may_hold_any_character(admin: httpx.Client, sender: Sender, name: str) -> None:
    sender.ingest(admin, sender.event(entity_id=name))
    encoded = quote(name, safe="").replace(".", "%2E")
    found = sender.get(admin, f"{ENTITIES}/order/{encoded}").json()
    assert (found["entity_id"], found["total"]) == (name, 1)


@pytest.mark.parametrize("path", ["order/%00", "order/%FF", f"order/{'x' * 513}", f"{'x' * 129}/a"])
def test_a_name_that_no_entity_can_have_is_refused(admin: httpx.Client, sender: Sender, path: str) -> None:
    assert_error(sender.get(admin, f"{ENTITIES}/{path}"), 400, "INVALID_FIELD_VALUE")


def test_concurrent_requests_get_each_number_once(server: Server, admin: httpx.Client) -> None:
    sender = Sender()

    def send(_: int) -> list[int]:
        with server.client() as client:
            found = []
            for _ in range(10):
                body = sender.ingest(client, *[sender.event() for _ in range(3)]).json()
                found += range(body["assigned_sequence_start"], body["assigned_sequence_end"] + 1)
            return found

    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(number for found in pool.map(send, range(4)) for number in found)
    assert numbers == list(range(1, 121))
    assert sender.get(admin, HEAD).json() == {"head_sequence": 120}


def test_a_window_of_large_payloads_ends_early_and_says_so(admin: httpx.Client, sender: Sender) -> None:
    """Following the last number answers every event once, for clients that know `has_more` and for those that do not."""
    large = b'"' + b"a" * ((1 << 20) - 2) + b'"'
    for _ in range(2):
        assert sender.ingest(admin, *[sender.event(raw=large) for _ in range(9)]).status_code == 200
    first = sender.get(admin, EVENTS, **{"from": 1, "limit": 1000}).json()
    assert (first["count"], first["has_more"]) == (16, True)
    last = first["events"][-1]["envelope"]["sequence_number"]
    rest = sender.get(admin, EVENTS, **{"from": last + 1, "limit": 1000}).json()
    assert [event["envelope"]["sequence_number"] for event in rest["events"]] == [17, 18]
    assert set(rest) == {"events", "count"}
    exact = sender.get(admin, EVENTS, **{"from": 1, "limit": 16}).json()
    assert (exact["count"], set(exact)) == (16, {"events", "count"})
