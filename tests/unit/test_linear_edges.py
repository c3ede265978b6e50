"""Doubling the input of anything that the edges decode no more than doubles its time.

The lists are those of the product: bodies and parameters of the routes, messages of the RPCs, marked functions of the
library. What is added to it is measured without being named here.
"""

from __future__ import annotations

import contextlib
import json
import typing
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin
from uuid import UUID

import msgspec
import pytest
from google.protobuf import descriptor_pool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from tests.api.surface.conftest import APPLICATION
from tests.api.tokens import ISSUER, SECRET, token
from tests.support.generated_wrappers import MARKED
from tests.support.linear import MAX_RATIO, growth
from tests.unit.ves.test_linear_time import DOCUMENTS, text_of
from ves.errors import ProtocolError, RequestRefused
from ves.schemas.compatibility import check_compatibility
from ves.schemas.compiled import compile_schema
from ves_api.auth.addresses import client_address
from ves_api.auth.credentials import read_credential
from ves_api.auth.tokens import TokenReader
from ves_api.http.decode import decode_body, parse_query
from ves_api.http.docs.document import routes_of
from ves_api.rpc.binding import decode
from ves_api.rpc.server import SERVICES
from ves_api.settings import Environment
from ves_api.settings.auth import load_auth
from ves_edge.errors import ApiError
from ves_stark.errors import StarkError

if TYPE_CHECKING:
    from collections.abc import Callable

# The longest body but those of ingest, whose decoders have tests of their own (tests/unit/ves/test_linear_time.py).
LARGEST = 250_000
ROUTES = routes_of(APPLICATION.routes)
KINDS = sorted({r.operation.body for r in ROUTES if r.operation.body is not None}, key=lambda k: k.__name__)
PARAMETERS = sorted(
    {(place.wire_name, place.parameter) for route in ROUTES for place in route.parameters},
    key=lambda pair: (pair[0], pair[1].description),
)
TEXTS: dict[str, Callable[[int], str]] = {
    "digits": lambda n: "9" * n,
    "zeros": lambda n: "0" * n,
    "plus signs": lambda n: "+" * n,
    "hyphens": lambda n: "-" * n,
    "letters": lambda n: "a" * n,
    "commas": lambda n: "a," * (n // 2),
    "dots": lambda n: "a." * (n // 2),
    "blanks": lambda n: " " * n,
    "a time's fraction": lambda n: f"2026-01-01T00:00:00.{'1' * n}Z",
    "beyond ASCII": lambda n: "\u00e9" * (n // 2),
    "braces": lambda n: "{" * n,
    "an urn": lambda n: "urn:uuid:" * (n // 9),
    "JSON": lambda n: "[" + "1," * (n // 2) + "1]",
}
# For each member of a struct: the forms that differ by what a converter of the member does with them.
MEMBERS = (
    "one long string",
    "unicode escapes",
    "short strings",
    "doubles",
    "huge integers",
    "objects of one key",
    "many keys",
    "deep",
)


def answered(read: Callable[[Any], object]) -> Callable[[Any], None]:
    def run(given: Any) -> None:
        with contextlib.suppress(ApiError, ProtocolError, RequestRefused, StarkError):
            read(given)

    return run


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_body_is_decoded_in_linear_time(kind: type) -> None:
    run = answered(lambda raw: decode_body(kind, raw))
    slow = {name: growth(run, make, LARGEST) for name, make in DOCUMENTS.items()}
    for field in msgspec.structs.fields(kind):
        start = b'{"' + field.encode_name.encode() + b'":'
        for name in MEMBERS:
            slow[f"{field.name}: {name}"] = growth(
                run,
                lambda n, start=start, name=name: start + DOCUMENTS[name](n) + b"}",  # type: ignore[misc]
                LARGEST,
            )
    assert {name: ratio for name, ratio in slow.items() if ratio > MAX_RATIO} == {}


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS, ids=lambda given: str(given)[:20])
def test_every_parameter_is_read_in_linear_time(name: str, parameter: Any) -> None:
    run = answered(lambda text: parameter.parse(text, name))
    slow = {label: growth(run, make, LARGEST) for label, make in TEXTS.items()}
    assert {label: ratio for label, ratio in slow.items() if ratio > MAX_RATIO} == {}


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def messages(number: int, kind: int) -> dict[str, Callable[[int], bytes]]:
    """Bytes for the field of this number: nothing but it, a long one, nested ones, and its packed form."""
    key = varint(number << 3 | kind)
    value = {0: b"\x01", 1: bytes(8), 2: b"\x01a", 5: bytes(4)}[kind]
    made: dict[str, Callable[[int], bytes]] = {"repeated": lambda n: (key + value) * (n // len(key + value))}
    if kind == 2:
        made["empty"] = lambda n: (key + b"\x00") * (n // (len(key) + 1))
        made["long"] = lambda n: key + varint(n) + b"a" * n
        made["not UTF-8 at its end"] = lambda n: key + varint(n) + b"a" * (n - 1) + b"\xff"

        def nested(n: int) -> bytes:
            inner = b""
            for _ in range(min(n // 8, 95)):
                inner = key + varint(len(inner)) + inner
            return inner * (n // (len(inner) + 1) + 1)

        made["nested"] = nested
    return made


def calls() -> list[Any]:
    """Each method with the class of its request, as the service's descriptor names it."""
    found = []
    for service, methods in SERVICES.items():
        described = descriptor_pool.Default().FindServiceByName(service).methods_by_name
        for rpc in methods:
            request = GetMessageClass(described[rpc.name].input_type)
            found.append(pytest.param(rpc, request, id=f"{service.rsplit('.', 1)[0][-2:]}-{rpc.name}"))
    return found


@pytest.mark.parametrize(("rpc", "request_class"), calls())
def test_every_message_is_decoded_in_linear_time(rpc: Any, request_class: Any) -> None:
    """Also as what the method's operation takes; the messages of SyncStream have no such form."""
    request = request_class
    convert = getattr(rpc, "read", lambda message: message)

    def read(raw: bytes) -> None:
        with contextlib.suppress(DecodeError):
            convert(decode(request, raw))

    run = answered(read)
    slow = {"unknown fields": growth(run, lambda n: b"\xf8\x7f\x01" * (n // 3), LARGEST)}
    for field in request.DESCRIPTOR.fields:
        kind = {1: 1, 6: 1, 16: 1, 9: 2, 11: 2, 12: 2, 2: 5, 7: 5, 15: 5}.get(field.type, 0)
        for name, make in messages(field.number, kind).items():
            slow[f"{field.name}: {name}"] = growth(run, make, LARGEST)
    assert {name: ratio for name, ratio in slow.items() if ratio > MAX_RATIO} == {}


def value_of(kind: Any) -> Any:
    """A small value of a parameter's type."""
    base = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    name = get_args(kind)[1] if get_origin(kind) is Annotated else ""
    origin = get_origin(base) or base
    if name == "uuid":
        return str(UUID(int=0))
    if name == "json":
        return "{}"
    made = {str: "", bytes: b"", int: 1, bool: True, UUID: UUID(int=0), dict: {}}
    if origin in made:
        return made[origin]
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return []
    return None


def larger(kind: Any) -> dict[str, Callable[[int], Any]]:
    """Growing values of a parameter's type; none for a number or a uuid."""
    base = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if base is str:
        return TEXTS | {
            name: (lambda n, make=make: make(n).decode(errors="replace"))  # type: ignore[misc]
            for name, make in DOCUMENTS.items()
        }
    if base is bytes:
        return DOCUMENTS | {"zeros": bytes, "ones": lambda n: b"\xff" * n}
    origin = get_origin(base)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        element = value_of(get_args(base)[0])
        return {"many": lambda n: [element] * (n // 32)}
    return {}


def marked() -> list[Any]:
    return [pytest.param(each.call, id=each.call.__name__) for each in MARKED]


@pytest.mark.parametrize("call", marked())
def test_every_function_of_the_library_in_sql_takes_linear_time(call: Callable[..., Any]) -> None:
    """One argument grows, the others are the least values of their types."""
    kinds = {
        name: kind
        for name, kind in typing.get_type_hints(call, include_extras=True).items()
        if name != "return"
    }
    given = {name: value_of(kind) for name, kind in kinds.items()}
    slow = {}
    for name, kind in kinds.items():
        for label, make in larger(kind).items():

            def run(value: Any, name: str = name) -> None:
                # What is no value of the function ends it early, in whatever way.
                with contextlib.suppress(Exception):
                    call(**given | {name: value})

            slow[f"{name}: {label}"] = growth(run, make, LARGEST)
    assert {name: ratio for name, ratio in slow.items() if ratio > MAX_RATIO} == {}


READER = TokenReader(load_auth(Environment({"JWT_SECRET": SECRET}), production=False))
TENANT = UUID(int=1)


def claim(**more: Any) -> str:
    return token(TENANT, iss=ISSUER, **more)


HEADERS: dict[str, tuple[Callable[[Any], object], Callable[[int], Any]]] = {
    "a token's permissions": (READER.identify, lambda n: claim(perms="read," * (n // 5))),
    "a token's stores": (READER.identify, lambda n: claim(stores=f"{TENANT}," * (n // 37))),
    "a token's audiences": (READER.identify, lambda n: claim(aud=["x"] * (n // 4))),
    "a token's expiry": (READER.identify, lambda n: claim(exp=10 ** min(n // 10, 4_000))),
    "a token's unknown claim": (READER.identify, lambda n: claim(more=[[]] * (n // 3))),
    "a token's header": (READER.identify, lambda n: token(TENANT, headers={"x": "a" * n})),
    "a token of dots": (READER.identify, lambda n: "." * n),
    "a token that is no base64": (READER.identify, lambda n: "=" * n + ".a.a"),
    "a credential": (read_credential, lambda n: [(b"authorization", b"Bearer " + b"a." * (n // 2))]),
    "many credentials": (read_credential, lambda n: [(b"x-api-key", b"ss_a")] * (n // 10)),
    "a query of names": (lambda raw: parse_query(raw, frozenset("a")), lambda n: b"&".join(b"k%d" % i for i in range(n // 8))),
    "a query of escapes": (lambda raw: parse_query(raw, frozenset("a")), lambda n: b"a=" + b"%41" * (n // 3)),
    "a query of separators": (lambda raw: parse_query(raw, frozenset("a")), lambda n: b"&" * n),
    "hops": (
        lambda raw: client_address(
            {"client": ("127.0.0.1", 1), "headers": [(b"x-forwarded-for", raw)]}, None
        ),
        lambda n: b"127.0.0.1," * (n // 10),
    ),
    "forwarded": (
        lambda raw: client_address({"client": ("127.0.0.1", 1), "headers": [(b"forwarded", raw)]}, None),
        lambda n: b'for="' * (n // 5),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_credentials_and_headers_are_read_in_linear_time(name: str) -> None:
    read, make = HEADERS[name]
    assert growth(answered(read), make, LARGEST) <= MAX_RATIO


SCHEMAS: dict[str, Callable[[int], Any]] = {
    "members": lambda n: {"properties": {f"p{i}": {"type": "string"} for i in range(n // 30)}},
    "required": lambda n: {"required": [f"p{i}" for i in range(n // 8)]},
    "enum of numbers": lambda n: {"enum": list(range(n // 7))},
    "enum of objects": lambda n: {"enum": [{"a": i} for i in range(n // 12)]},
    "enum of texts": lambda n: {"enum": [f"v{i}" for i in range(n // 9)]},
    "const": lambda n: {"const": [0] * (n // 3)},
    "alternatives": lambda n: {"anyOf": [{"const": i} for i in range(n // 16)]},
    "all of": lambda n: {"allOf": [{"minimum": i} for i in range(n // 18)]},
    "patterns": lambda n: {"patternProperties": {f"^p{i}$": {} for i in range(min(n // 16, 400))}},
    "references": lambda n: {
        "$defs": {f"d{i}": {"type": "string"} for i in range(n // 24)},
        "properties": {f"p{i}": {"$ref": f"#/$defs/d{i}"} for i in range(min(n // 24, 150))},
    },
    "a long description": lambda n: {"description": "a" * n},
    "unknown keywords": lambda n: {f"x{i}": i for i in range(n // 10)},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_compiled_and_compared_in_linear_time(name: str) -> None:
    """Up to the longest one that is taken."""
    make = SCHEMAS[name]
    compiled = growth(answered(compile_schema), lambda n: text_of(make(n)).decode(), 25_000)

    def compare(text: str) -> None:
        again = json.dumps(json.loads(text) | {"title": "again"})
        check_compatibility(again, [(1, text)], "full")

    compared = growth(answered(compare), lambda n: text_of(make(n)).decode(), 25_000)
    assert max(compiled, compared) <= MAX_RATIO, (compiled, compared)
