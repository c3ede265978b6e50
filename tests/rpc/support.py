"""Clients with stubs compiled from proto/, and signed events as messages."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.api.support import Agent
from tests.rpc import tables
from tests.support.generated_rpc import compile_proto
from tests.support.processes import BOOTSTRAP_KEY, Server
from ves import ed25519
from ves.canonical import jcs
from ves.digests import payload_plain_hash, signing_hash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CREATED = Timestamp(seconds=1_763_080_200, nanos=948_000_000)
CREATED_TEXT = "2025-11-14T00:30:00.948+00:00"
# For modules whose tests call every method: each test runs with both kinds of stubs.
BOTH_STUBS = pytest.mark.parametrize("stubs", ["proto", "tables"], indirect=True, scope="session")
_source = ["proto"]


def compile_stubs(folder: Path) -> None:
    compile_proto(f"--python_out={folder}", f"--grpc_python_out={folder}")
    sys.path.insert(0, str(folder))


def use_stubs(source: str) -> None:
    """Which stubs `module` answers: `proto` (compiled from proto/) or `tables` (those of the original's clients)."""
    _source[0] = source


def module(name: str) -> Any:
    """`v1`, `v1_grpc`, `v2` or `v2_grpc`: a module of the stubs."""
    if _source[0] == "tables":
        return tables.module(name)
    version, _, kind = name.partition("_")
    suffix = "_pb2_grpc" if kind else "_pb2"
    return importlib.import_module(f"stateset.sequencer.{version}.sequencer{suffix}")


def methods() -> Iterator[tuple[str, Any]]:
    """The path and the descriptor of each method of the three services."""
    for version in ("v1", "v2"):
        for service in module(version).DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                yield f"/{service.full_name}/{method.name}", method


def target(server: Server) -> str:
    return f"127.0.0.1:{server.env['GRPC_PORT']}"


class Clients:
    """A channel with the stubs of every service; each call carries the key."""

    def __init__(self, server: Server, key: str | None = BOOTSTRAP_KEY) -> None:
        self.channel = grpc.insecure_channel(target(server))
        self.metadata = () if key is None else (("x-api-key", key),)
        self.v1 = module("v1_grpc").SequencerStub(self.channel)
        self.v2 = module("v2_grpc").SequencerStub(self.channel)
        self.keys = module("v2_grpc").KeyManagementStub(self.channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()

    def call(self, method: Any, request: Any, **options: Any) -> Any:
        options.setdefault("metadata", self.metadata)
        options.setdefault("timeout", 30)
        return method(request, **options)


@contextmanager
def refused(code: grpc.StatusCode, *, name: str | None = None, text: str | None = None) -> Iterator[None]:
    """The call inside ends with this status; `name` is the code of the error body, `text` a part of the details."""
    with pytest.raises(grpc.RpcError) as caught:
        yield
    error = caught.value
    assert error.code() is code, (error.code(), error.details())
    trailing = dict(error.trailing_metadata())
    if name is not None:
        assert trailing["x-error-code"] == name
        body = json.loads(trailing["x-error-bin"])["error"]
        assert (body["code"], body["request_id"]) == (name, trailing["x-request-id"])
    if text is not None:
        assert text in error.details()


def stream_of(agent: Agent) -> dict[str, str]:
    return {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}


def envelope(agent: Agent, payload: Any = None, **changes: Any) -> Any:
    """A signed v2 event; `changes` of what is signed apply before signing."""
    text = json.dumps({"n": 1} if payload is None else payload).encode()
    plain = payload_plain_hash(jcs(text))
    members = {
        "event_id": str(uuid.uuid4()),
        **stream_of(agent),
        "entity_type": "order",
        "entity_id": "O-1",
        "event_type": "order.created",
        "source_agent": str(agent.agent_id),
        "agent_key_id": agent.key_id,
    } | {name: value for name, value in changes.items() if name not in ("command_id", "base_version")}
    digest = signing_hash(
        ves_version=1,
        tenant_id=uuid.UUID(members["tenant_id"]),
        store_id=uuid.UUID(members["store_id"]),
        event_id=uuid.UUID(members["event_id"]),
        source_agent_id=uuid.UUID(members["source_agent"]),
        agent_key_id=members["agent_key_id"],
        entity_type=members["entity_type"],
        entity_id=members["entity_id"],
        event_type=members["event_type"],
        created_at=CREATED_TEXT,
        payload_kind=0,
        payload_plain_hash=plain,
        payload_cipher_hash=bytes(32),
    )
    v2 = module("v2")
    return v2.EventEnvelope(
        **members,
        **{name: value for name, value in changes.items() if name in ("command_id", "base_version")},
        payload_kind=v2.PAYLOAD_KIND_PLAINTEXT,
        payload=text,
        payload_plain_hash=plain,
        agent_signature=ed25519.sign(agent.seed, digest),
        created_at=CREATED,
    )


def push_request(agent: Agent, *events: Any, **changes: Any) -> Any:
    return module("v2").PushRequest(
        **{"agent_id": str(agent.agent_id), **stream_of(agent), "events": events, **changes}
    )


def legacy_envelope(agent: Agent, payload: Any = None, *, text: bytes | None = None, **changes: Any) -> Any:
    """A legacy event; `text` is the payload as it is sent, JSON or not."""
    members = {
        "event_id": str(uuid.uuid4()),
        **stream_of(agent),
        "entity_type": "order",
        "entity_id": "O-1",
        "event_type": "order.created",
        "payload": text or json.dumps({"n": 1} if payload is None else payload).encode(),
        "source_agent": str(agent.agent_id),
        "created_at": CREATED,
    }
    return module("v1").EventEnvelope(**{**members, **changes})


def legacy_push(agent: Agent, *events: Any) -> Any:
    return module("v1").PushRequest(agent_id=str(agent.agent_id), events=events)


def whole(numbers: list[int]) -> None:
    """Every number from 1 on, once and in order."""
    assert numbers == list(range(1, len(numbers) + 1))


class Follower:
    """One streaming call of an asynchronous client; `None` as request opens a SyncStream."""

    def __init__(self, server: Server, method: str, request: Any, key: str = BOOTSTRAP_KEY) -> None:
        self._target, self._method, self._request = target(server), method, request
        self._metadata = (("x-api-key", key),)

    async def open(self, *, wait: bool = True) -> None:
        """Begin the call; `wait`: until the server says that it is subscribed."""
        self._channel = grpc.aio.insecure_channel(self._target)
        service = module("v1_grpc" if self._method == "Pull" else "v2_grpc").SequencerStub(self._channel)
        method = getattr(service, self._method)
        sent = () if self._request is None else (self._request,)
        self.call = method(*sent, metadata=self._metadata)
        if wait:
            await asyncio.wait_for(self.call.initial_metadata(), 20)

    async def close(self) -> None:
        self.call.cancel()
        await self._channel.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def read(self, seconds: float = 20) -> Any:
        message = await asyncio.wait_for(self.call.read(), seconds)
        assert message is not grpc.aio.EOF, "the stream has ended"
        return message

    async def numbers(self, count: int, seconds: float = 20) -> list[int]:
        """The numbers of the next events."""
        return [(await self.read(seconds)).sequence_number for _ in range(count)]

    async def failure(self) -> grpc.aio.AioRpcError:
        """The error that ends the call."""

        async def read_all() -> None:
            while await self.call.read() is not grpc.aio.EOF:
                pass

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asyncio.wait_for(read_all(), 20)
        return caught.value
