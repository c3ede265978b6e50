"""Messages that a foreign client may send: each is answered with a clear status, and large ones leave no memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2
from google.protobuf.descriptor import FieldDescriptor

from tests.api.support import Agent
from tests.rpc.support import Clients, envelope, methods, module, push_request, refused, stream_of
from tests.rpc.test_hostile import private_mb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.processes import Server

CODE = grpc.StatusCode
MIB = 1 << 20
# Members of a SyncMessage that only the server says.
SERVERS = {"push_response", "pull_response", "event", "sync_state"}


def fields(message: Any, kind: int) -> Iterator[list[Any]]:
    """The way to each field of a kind, through the messages that hold it."""
    for field in message.fields:
        if field.type == kind:
            yield [field]
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for below in fields(field.message_type, kind):
                yield [field, *below]


def wire(way: list[Any], value: bytes, kind: int) -> bytes:
    """A message that holds the value at the end of the way and nothing else."""
    for field, type_of in zip(reversed(way), [kind] + [2] * (len(way) - 1), strict=True):
        length = bytes([len(value)]) if type_of == 2 else b""
        value = varint(field.number << 3 | type_of) + length + value
    return value


def varint(number: int) -> bytes:
    """An unsigned number of at most 14 bits as it is sent."""
    return bytes([number]) if number < 128 else bytes([number & 127 | 128, number >> 7])


def send(clients: Clients, path: str, method: Any, message: bytes) -> grpc.StatusCode:
    """The status of a call with one message."""
    options: dict[str, Any] = {"metadata": clients.metadata, "timeout": 30}
    try:
        if method.client_streaming:
            list(clients.channel.stream_stream(path)(iter([message]), **options))
        elif method.server_streaming:
            list(clients.channel.unary_stream(path)(message, **options))
        else:
            clients.channel.unary_unary(path)(message, **options)
    except grpc.RpcError as error:
        return error.code()
    return CODE.OK


def test_text_that_is_not_utf_8_is_refused_in_every_field(grpc_admin: Clients) -> None:
    tried = 0
    for path, method in methods():
        for way in fields(method.input_type, FieldDescriptor.TYPE_STRING):
            message = wire(way, b"\xff\xfe", 2)
            assert send(grpc_admin, path, method, message) is CODE.INVALID_ARGUMENT, (path, way[-1].name)
            tried += 1
    assert tried > 100


def test_an_unknown_number_of_an_enumeration_is_no_failure_of_the_server(grpc_admin: Clients) -> None:
    tried = 0
    for path, method in methods():
        for way in fields(method.input_type, FieldDescriptor.TYPE_ENUM):
            status = send(grpc_admin, path, method, wire(way, b"\x63", 0))
            # What the server says on a SyncStream has no effect if a client says it.
            allowed = CODE.OK if way[0].name in SERVERS else CODE.INVALID_ARGUMENT
            assert status in (allowed, CODE.UNIMPLEMENTED), (status, path, [field.name for field in way])
            tried += 1
    assert tried > 5


def test_an_unknown_kind_of_payload_is_refused_and_an_unknown_scheme_acts_as_none(
    grpc_admin: Clients, agent: Agent
) -> None:
    event = envelope(agent)
    event.payload_kind = 99
    with refused(CODE.INVALID_ARGUMENT):
        grpc_admin.call(grpc_admin.v2.Push, push_request(agent, event))
    event = envelope(agent)
    event.agent_signature_scheme = 99  # VES 3: acts as 0
    assert grpc_admin.call(grpc_admin.v2.Push, push_request(agent, event)).events_accepted == 1


def test_metadata_has_a_limit(grpc_admin: Clients) -> None:
    def call(length: int) -> None:
        more = ("x-large", "y" * length)
        grpc_admin.call(grpc_admin.v2.GetHealth, empty_pb2.Empty(), metadata=(*grpc_admin.metadata, more))

    call(15_000)
    for length in (21_000, 1_000_000):
        with refused(CODE.RESOURCE_EXHAUSTED, text="metadata size"):
            call(length)
    call(0)


def test_large_and_compressed_messages_are_refused_and_leave_no_memory(
    start_rpc_server: Callable[..., Server], stubs: None
) -> None:
    server, agent, v2 = start_rpc_server(is_forked=False, RUST_LOG="warn"), Agent(), module("v2")
    with Clients(server) as clients:
        state = v2.GetSyncStateRequest(**stream_of(agent))

        def send(length: int, compression: grpc.Compression) -> None:
            """A request with an unknown field (number 1000) of zeros."""
            size = [length & 127 | 128, length >> 7 & 127 | 128, length >> 14 & 127 | 128, length >> 21]
            message = state.SerializeToString() + b"\xc2\x3e" + bytes(size) + bytes(length)
            call = clients.channel.unary_unary("/stateset.sequencer.v2.Sequencer/GetSyncState")
            clients.call(call, message, compression=compression)

        def send_all(times: int) -> None:
            for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
                for _ in range(times):
                    send(4 * MIB - 200, compression)
                    with refused(CODE.RESOURCE_EXHAUSTED, text="larger than max"):
                        send(4 * MIB, compression)
            # 64 kB that would become 64 MiB.
            with refused(CODE.RESOURCE_EXHAUSTED, text="Decompressed message larger than max"):
                send(64 * MIB, grpc.Compression.Gzip)

        send_all(3)
        before = private_mb(server)
        send_all(10)
        # Messages of 80 MiB passed; the allocator keeps some.
        assert private_mb(server) - before < 30
