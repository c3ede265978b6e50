"""What holds for every call: credentials, scopes, limits, statuses, deadlines, messages, health and reflection."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.api.support import Agent
from tests.api.test_credentials import mint, revoke
from tests.rpc.support import Clients, envelope, module, push_request, refused, stream_of, target
from tests.support.processes import BOOTSTRAP_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database
    from tests.support.processes import Server

CODE = grpc.StatusCode
SERVICES = (
    "stateset.sequencer.v1.Sequencer",
    "stateset.sequencer.v2.Sequencer",
    "stateset.sequencer.v2.KeyManagement",
)


@pytest.fixture
def v2(stubs: None) -> Any:
    return module("v2")


def unary_methods() -> list[tuple[str, str]]:
    found = []
    for version in ("v1", "v2"):
        for service in module(version).DESCRIPTOR.services_by_name.values():
            found += [
                (service.full_name, method.name) for method in service.methods if not method.server_streaming
            ]
    return found


def raw_call(clients: Clients, service: str, method: str, message: bytes, **options: Any) -> bytes:
    """A foreign client: bytes out, bytes in."""
    return clients.call(clients.channel.unary_unary(f"/{service}/{method}"), message, **options)


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ((), "AUTH_REQUIRED"),
        ((("authorization", "Basic abc"),), "AUTH_REQUIRED"),
        ((("x-api-key", "ss_unknown"),), "INVALID_API_KEY"),
        ((("x-api-key", BOOTSTRAP_KEY), ("x-api-key", "ss_unknown")), "AUTH_REQUIRED"),
        ((("authorization", "Bearer a.b.c"),), "INVALID_TOKEN"),
    ],
)
def test_every_method_needs_a_credential(
    grpc_admin: Clients, metadata: tuple[tuple[str, str], ...], name: str
) -> None:
    assert len(unary_methods()) == 15
    for service, method in unary_methods():
        with refused(CODE.UNAUTHENTICATED, name=name):
            raw_call(grpc_admin, service, method, b"", metadata=metadata)


@pytest.mark.parametrize(
    "metadata",
    [
        (("authorization", f"ApiKey {BOOTSTRAP_KEY}"),),
        (("authorization", BOOTSTRAP_KEY), ("x-api-key", "ss_unknown")),
        (("x-api-key", BOOTSTRAP_KEY),),
    ],
)
def test_a_key_is_taken_in_every_form_of_http(
    grpc_admin: Clients, metadata: tuple[tuple[str, str], ...]
) -> None:
    answer = grpc_admin.call(grpc_admin.v2.GetHealth, empty_pb2.Empty(), metadata=metadata)
    assert answer.healthy


def test_rights_and_scopes_are_those_of_http(
    server: Server, api_database: Database, grpc_admin: Clients, agent: Agent, v2: Any
) -> None:
    push, state = push_request(agent, envelope(agent)), v2.GetSyncStateRequest(**stream_of(agent))
    reader = mint(api_database, agent.tenant_id, write=False)
    writer = mint(api_database, agent.tenant_id, read=False)
    elsewhere = mint(api_database, agent.tenant_id, stores=(uuid.uuid4(),))
    stranger = mint(api_database, uuid.uuid4())
    bound = mint(api_database, agent.tenant_id, agent_id=uuid.uuid4())
    for key, may_push, may_read in (
        (reader, False, True),
        (writer, True, False),
        (elsewhere, False, False),
        (stranger, False, False),
        (bound, False, True),
    ):
        with Clients(server, key) as client:
            for method, request, allowed in (
                (client.v2.Push, push, may_push),
                (client.v2.GetSyncState, state, may_read),
            ):
                if allowed:
                    client.call(method, request)
                else:
                    with refused(CODE.PERMISSION_DENIED, name="INSUFFICIENT_PERMISSIONS"):
                        client.call(method, request)
            with refused(CODE.PERMISSION_DENIED):
                client.call(
                    client.keys.RevokeAgentKey,
                    v2.RevokeKeyRequest(tenant_id=str(agent.tenant_id), agent_id=str(agent.agent_id)),
                )


def test_a_revoked_key_is_refused_at_once(
    server: Server, api_database: Database, agent: Agent, stubs: None
) -> None:
    key = mint(api_database, agent.tenant_id)
    with Clients(server, key) as client:
        client.call(client.v2.Push, push_request(agent, envelope(agent)))
        revoke(api_database, key, agent.tenant_id)
        with refused(CODE.UNAUTHENTICATED, name="INVALID_API_KEY"):
            client.call(client.v2.Push, push_request(agent, envelope(agent)))


def test_a_rate_limit_is_exhausted_and_says_when_to_come_back(
    start_rpc_server: Callable[..., Server], stubs: None
) -> None:
    server = start_rpc_server(RATE_LIMIT_PER_MINUTE="3")
    with Clients(server) as client:
        for _ in range(3):
            client.call(client.v2.GetHealth, empty_pb2.Empty())
        with pytest.raises(grpc.RpcError) as caught:
            client.call(client.v2.GetHealth, empty_pb2.Empty())
    trailing = dict(caught.value.trailing_metadata())
    assert caught.value.code() is CODE.RESOURCE_EXHAUSTED
    assert int(trailing["retry-after"]) > 0
    assert trailing["ratelimit-remaining"] == "0"


def test_an_answer_carries_the_request_id(grpc_admin: Clients) -> None:
    def request_id(*more: tuple[str, str]) -> str:
        _, call = grpc_admin.v2.GetHealth.with_call(
            empty_pb2.Empty(), metadata=(*grpc_admin.metadata, *more), timeout=30
        )
        return dict(call.trailing_metadata())["x-request-id"]

    assert request_id(("x-request-id", "mine")) == "mine"
    assert uuid.UUID(request_id())
    assert uuid.UUID(request_id(("x-request-id", "x" * 200)))


def test_unknown_fields_are_ignored_and_what_is_no_message_is_refused(
    grpc_admin: Clients, agent: Agent, v2: Any
) -> None:
    request = v2.GetSyncStateRequest(**stream_of(agent)).SerializeToString()
    service = "stateset.sequencer.v2.Sequencer"
    # Field 1000, a string.
    unknown = request + b"\xc2\x3e\x03abc"
    answer = v2.SyncState.FromString(raw_call(grpc_admin, service, "GetSyncState", unknown))
    assert answer.tenant_id == str(agent.tenant_id)
    for wrong in (b"\x0a\x02\xff\xfe", request[:-1], b"\xff" * 20):
        with refused(CODE.INVALID_ARGUMENT, name="INVALID_REQUEST_BODY"):
            raw_call(grpc_admin, service, "GetSyncState", wrong)
    with refused(CODE.UNIMPLEMENTED):
        raw_call(grpc_admin, service, "Nothing", b"")
    with refused(CODE.UNIMPLEMENTED):
        raw_call(grpc_admin, "stateset.sequencer.v3.Sequencer", "Push", b"")


def test_a_message_beyond_4_mib_is_refused_and_one_below_is_taken(grpc_admin: Clients, agent: Agent) -> None:
    small = push_request(agent, *[envelope(agent, {"text": "x" * 900_000}) for _ in range(4)])
    assert grpc_admin.call(grpc_admin.v2.Push, small).events_accepted == 4
    large = push_request(agent, *[envelope(agent, {"text": "x" * 900_000}) for _ in range(5)])
    with refused(CODE.RESOURCE_EXHAUSTED):
        grpc_admin.call(grpc_admin.v2.Push, large)


def test_a_window_of_large_events_is_cut_so_that_a_client_can_take_it(
    grpc_admin: Clients, agent: Agent, v2: Any
) -> None:
    for _ in range(3):
        events = [envelope(agent, {"text": "x" * 900_000}) for _ in range(4)]
        grpc_admin.call(grpc_admin.v2.Push, push_request(agent, *events))
    number, sizes = 1, []
    while True:
        window = grpc_admin.call(
            grpc_admin.v2.PullEvents, v2.PullEventsRequest(**stream_of(agent), from_sequence=number)
        )
        assert [e.sequence_number for e in window.events] == list(range(number, window.next_sequence))
        sizes.append(len(window.events))
        number = window.next_sequence
        if not window.has_more:
            break
    assert sizes == [3, 3, 3, 3]


def test_a_deadline_ends_the_call_and_the_server_serves_on(grpc_admin: Clients, agent: Agent) -> None:
    request = push_request(agent, *[envelope(agent) for _ in range(500)])
    with refused(CODE.DEADLINE_EXCEEDED):
        grpc_admin.call(grpc_admin.v2.Push, request, timeout=0.001)
    assert grpc_admin.call(grpc_admin.v2.Push, request).head_sequence == 500


def test_a_call_that_takes_too_long_ends_with_the_status_of_a_timeout(
    start_rpc_server: Callable[..., Server], database: Database, stubs: None
) -> None:
    server = start_rpc_server(GRPC_REQUEST_TIMEOUT_SECS="0.3", VES_COALESCE="false")
    agent = Agent()
    with server.client() as http:
        agent.register(http)
        assert agent.ingest(http, agent.event()).status_code == 200
    with Clients(server) as client, database.connect() as connection, connection.transaction():
        connection.execute("select from ves_store.ves_sequence_counters for update")
        with refused(CODE.DEADLINE_EXCEEDED, name="TIMEOUT"):
            client.call(client.v2.Push, push_request(agent, envelope(agent)))


def test_health_and_reflection_need_no_credential(server: Server, grpc_admin: Clients) -> None:
    with grpc.insecure_channel(target(server)) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", *SERVICES):
            answer = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        reflected = ProtoReflectionDescriptorDatabase(channel)
        assert set(SERVICES) <= set(reflected.get_services())
        file = reflected.FindFileContainingSymbol("stateset.sequencer.v2.SyncMessage")
        assert file.package == "stateset.sequencer.v2"


def test_the_error_body_is_that_of_http(grpc_admin: Clients, agent: Agent, v2: Any) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        grpc_admin.call(grpc_admin.v2.GetSyncState, v2.GetSyncStateRequest(tenant_id="x"))
    body = json.loads(dict(caught.value.trailing_metadata())["x-error-bin"])["error"]
    assert body["details"] == {"field": "tenant_id"}
    assert body["numeric_code"] == 3003
    assert body["message"] == caught.value.details()
