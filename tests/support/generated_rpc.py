"""`make generate`: writes the messages of server and client, and proto/surface.txt, from the files in proto/.

`surface.txt` has one line for each name and number that clients rely on. A line that is there is never removed, so a
change of proto/ that breaks clients leaves a line that `tests/rpc/test_proto.py` does not find any more.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
SURFACE = PROTO / "surface.txt"
PACKAGE = ROOT / "api" / "ves_api" / "rpc" / "gen"
# The client is installed alone, so it has its own copy of what it sends and reads.
CLIENT_PACKAGE = ROOT / "api" / "client" / "ves_client" / "gen"
CLIENT_MODULES = ("__init__.py", "v2_pb2.py", "v2_pb2.pyi")
INIT = '"""Messages of the gRPC services, made from proto/ by `make generate`."""\n'

_FIELD = descriptor_pb2.FieldDescriptorProto


def compile_proto(*options: str) -> None:
    """Run protoc over every file of proto/ with these output options."""
    files = [str(path) for path in sorted(PROTO.rglob("*.proto"))]
    include = Path(sys.modules["grpc_tools"].__path__[0]) / "_proto"
    status = protoc.main(["protoc", f"-I{PROTO}", f"-I{include}", *options, *files])
    if status:
        raise SystemExit(f"protoc ended with status {status}")


def modules() -> dict[str, str]:
    """The generated package: file name to content. `v1/sequencer.proto` becomes `v1_pb2`."""
    found = {"__init__.py": INIT}
    with tempfile.TemporaryDirectory() as folder:
        compile_proto(f"--python_out={folder}", f"--pyi_out={folder}")
        for path in sorted(Path(folder).rglob("sequencer_pb2.py*")):
            found[f"{path.parent.name}_pb2{path.suffix}"] = path.read_text(encoding="utf-8")
    return found


def surface() -> list[str]:
    """Every field, enum value and method of proto/, one line each."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "set.binpb"
        compile_proto(f"--descriptor_set_out={target}")
        return lines_of(descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes()).file)


def lines_of(files: Iterable[descriptor_pb2.FileDescriptorProto]) -> list[str]:
    """Every field, enum value and method of some files, one line each."""
    lines: list[str] = []
    for file in files:
        for message in file.message_type:
            lines += [_field(file.package, message, field) for field in message.field]
        for enum in file.enum_type:
            lines += [f"{file.package}.{enum.name}.{value.name} = {value.number}" for value in enum.value]
        for service in file.service:
            lines += [_method(file.package, service.name, method) for method in service.method]
    return sorted(lines)


def _field(package: str, message: descriptor_pb2.DescriptorProto, field: _FIELD) -> str:
    kind = field.type_name.lstrip(".") or _FIELD.Type.Name(field.type).removeprefix("TYPE_").lower()
    repeated = "repeated " if field.label == _FIELD.LABEL_REPEATED else ""
    oneof = f" in {message.oneof_decl[field.oneof_index].name}" if field.HasField("oneof_index") else ""
    return f"{package}.{message.name}.{field.name} = {field.number} {repeated}{kind}{oneof}"


def _method(package: str, service: str, method: descriptor_pb2.MethodDescriptorProto) -> str:
    sent = ("stream " if method.client_streaming else "") + method.input_type.lstrip(".")
    answered = ("stream " if method.server_streaming else "") + method.output_type.lstrip(".")
    return f"{package}.{service}.{method.name} ({sent}) returns ({answered})"


def packages() -> dict[Path, str]:
    """The generated files of both packages."""
    made = modules()
    return {PACKAGE / name: text for name, text in made.items()} | {
        CLIENT_PACKAGE / name: made[name] for name in CLIENT_MODULES
    }


def regenerate() -> None:
    for path, text in packages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    known = set(SURFACE.read_text(encoding="utf-8").splitlines()) if SURFACE.exists() else set()
    SURFACE.write_text("\n".join(sorted(known | set(surface()))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    regenerate()
