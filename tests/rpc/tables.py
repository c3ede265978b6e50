"""Client stubs made of the tables in docs/protocol/grpc-api.md, independently of proto/.

The tables were written from the original's own files, so these stubs are those of its clients: messages, numbers, types,
oneofs and methods. The messages live in a package of their own, because a process knows one message by one name; the
name of a message is not on the wire.
"""

from __future__ import annotations

import re
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool, empty_pb2, message_factory, timestamp_pb2
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from tests.support.generated_rpc import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "protocol" / "grpc-api.md"
OWN = "tables."
CHAPTERS = {"v1": ("2",), "v2": ("3", "4")}
SCALARS = ("string", "bytes", "bool", "uint32", "uint64")
SHARED = {
    "ts": timestamp_pb2.Timestamp.DESCRIPTOR.full_name,
    "Timestamp": timestamp_pb2.Timestamp.DESCRIPTOR.full_name,
    "google.protobuf.Empty": empty_pb2.Empty.DESCRIPTOR.full_name,
}
CARDINALITIES = {
    "": (False, False),
    "unary": (False, False),
    "server stream": (False, True),
    "bidirectional": (True, True),
}
_KIND = descriptor_pb2.FieldDescriptorProto
_HEADING = re.compile(r"\*\*(\w+(?: / \w+)*)\*\*(?: \([^)]*\))?:")


def files(prefix: str = "") -> list[descriptor_pb2.FileDescriptorProto]:
    """v1 and v2 as the tables say; `prefix` comes before the names of the packages."""
    chapters = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = []
    for version, numbers in CHAPTERS.items():
        package = f"{prefix}stateset.sequencer.{version}"
        file = descriptor_pb2.FileDescriptorProto(
            name=f"{prefix}{version}.proto",
            package=package,
            syntax="proto3",
            dependency=["google/protobuf/timestamp.proto", "google/protobuf/empty.proto"],
        )
        texts = [text for text in chapters if text.partition(".")[0] in numbers]
        assert len(texts) == len(numbers)
        for text in texts:
            for row in _rows(text):
                _add_enum(file, row)
        for text in texts:
            _add_messages(file, text)
        for text in texts:
            _add_service(file, text)
        found.append(file)
    return found


def _rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("|"):
            yield [cell.strip().replace("\\_", "_") for cell in line.strip("|").split("|")]


def _add_enum(file: descriptor_pb2.FileDescriptorProto, row: list[str]) -> None:
    """A row such as `KeyType | KEY_TYPE_UNSPECIFIED 0, _SIGNING 1`."""
    prefix, unspecified, _ = row[-1].partition("_UNSPECIFIED 0")
    if not unspecified:
        return
    enum = file.enum_type.add(name=row[0])
    for value in row[-1].split(", "):
        name, number = value.split(" ")
        enum.value.add(name=prefix + name if name.startswith("_") else name, number=int(number))


def _add_messages(file: descriptor_pb2.FileDescriptorProto, text: str) -> None:
    paragraphs = re.split(r"\n\s*\n", text)
    for paragraph, following in zip(paragraphs, [*paragraphs[1:], ""], strict=True):
        if tabular := re.fullmatch(r"\*\*(\w+)\*\*", paragraph.strip()):
            message = file.message_type.add(name=tabular[1])
            cells = [
                row[at : at + 3] for row in _rows(following) for at in (0, 4) if row[at : at + 1] != [""]
            ]
            for number, name, *kind in sorted(
                (cell for cell in cells if cell and cell[0].isdigit()), key=lambda cell: int(cell[0])
            ):
                _add_field(file, message, name, number, kind[0].split(" ")[0], repeated=False)
        elif paragraph.startswith("**"):
            parts = _HEADING.split(" ".join(paragraph.split()))[1:]
            for names, body in zip(parts[::2], parts[1::2], strict=True):
                for name in names.split(" / "):
                    _add_fields(file, file.message_type.add(name=name), body.replace("**", ""))


def _add_fields(
    file: descriptor_pb2.FileDescriptorProto, message: descriptor_pb2.DescriptorProto, body: str
) -> None:
    """Fields such as `a=1, b=2 string, oneof c { d=3 rep bytes }`: one without a type has that of the next one."""
    oneof = re.search(r"oneof (\w+) \{([^}]*)\}", body)
    if oneof:
        message.oneof_decl.add(name=oneof[1])
    found = re.findall(r"(\w+)=(\d+)(?:,? all)?(?: (rep )?([A-Za-z]\w*))?", body)
    kind, read = "", []
    for name, number, repeated, given in reversed(found):
        kind = given or kind
        read.append((name, number, kind, bool(repeated)))
    for name, number, kind, repeated in reversed(read):
        field = _add_field(file, message, name, number, kind, repeated=repeated)
        if oneof and f"{name}={number}" in oneof[2].replace(",", "").split():
            field.oneof_index = 0


def _add_field(
    file: descriptor_pb2.FileDescriptorProto,
    message: descriptor_pb2.DescriptorProto,
    name: str,
    number: str,
    kind: str,
    *,
    repeated: bool,
) -> _KIND:
    kind = kind.partition("(")[0]
    field = message.field.add(
        name=name, number=int(number), label=_KIND.LABEL_REPEATED if repeated else _KIND.LABEL_OPTIONAL
    )
    if kind in SCALARS:
        field.type = _KIND.Type.Value(f"TYPE_{kind.upper()}")
    else:
        field.type = _KIND.TYPE_ENUM if kind in {e.name for e in file.enum_type} else _KIND.TYPE_MESSAGE
        field.type_name = _full_name(file, kind)
    return field


def _full_name(file: descriptor_pb2.FileDescriptorProto, kind: str) -> str:
    return "." + SHARED.get(kind, f"{file.package}.{kind}")


def _add_service(file: descriptor_pb2.FileDescriptorProto, text: str) -> None:
    """Rows below the heading `RPC`, with a column for the kind or without one."""
    service, header = file.service.add(name=text.split("`")[1].rpartition(".")[2]), []
    for row in _rows(text):
        if row[0] == "RPC":
            header = row
        elif header and len(row) == len(header) and row[0].isidentifier():
            told = dict(zip(header, row, strict=True))
            sent, answered = CARDINALITIES[told.get("kind", "")]
            service.method.add(
                name=told["RPC"],
                input_type=_full_name(file, told["request"].removeprefix("stream ")),
                output_type=_full_name(file, told["response"].removeprefix("stream ")),
                client_streaming=sent,
                server_streaming=answered,
            )
        elif row[0] != "--":
            header = []


@cache
def _registered() -> dict[str, Any]:
    """Descriptor of each version in this process."""
    pool = descriptor_pool.Default()
    for file in files(OWN):
        pool.AddSerializedFile(file.SerializeToString())
    return {version: pool.FindFileByName(f"{OWN}{version}.proto") for version in CHAPTERS}


@cache
def module(name: str) -> Any:
    """`v1`, `v1_grpc`, `v2` or `v2_grpc`, with the names that compiled modules have."""
    version, _, kind = name.partition("_")
    found = _registered()[version]
    if kind:
        return SimpleNamespace(
            **{f"{service.name}Stub": _stub(service) for service in found.services_by_name.values()}
        )
    messages = {
        message.name: message_factory.GetMessageClass(message)
        for message in found.message_types_by_name.values()
    }
    enums = {enum.name: EnumTypeWrapper(enum) for enum in found.enum_types_by_name.values()}
    values = {value: number for enum in enums.values() for value, number in enum.items()}
    return SimpleNamespace(**messages, **enums, **values)


def _stub(service: Any) -> Any:
    def make(channel: Any) -> SimpleNamespace:
        return SimpleNamespace(
            **{
                method.name: getattr(channel, _arity(method))(
                    f"/{service.full_name.removeprefix(OWN)}/{method.name}",
                    request_serializer=message_factory.GetMessageClass(method.input_type).SerializeToString,
                    response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
                )
                for method in service.methods
            }
        )

    return make


def _arity(method: Any) -> str:
    sent, answered = (
        "stream" if streams else "unary" for streams in (method.client_streaming, method.server_streaming)
    )
    return f"{sent}_{answered}"
