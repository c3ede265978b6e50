"""Doubling the input of a decoder, canonicalizer or check no more than doubles its time, whatever the input is."""

from __future__ import annotations

import base64
import contextlib
import json
import random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests.support import legacy_tree, ves_tree
from tests.support.linear import MAX_RATIO, growth
from tests.unit.ves.story import Agent
from ves import bundles, canonical, codec, encrypted, json_scan, legacy, merkle, receipts, timestamps
from ves.errors import ProtocolError
from ves.ingest import Limits, parse_request
from ves.legacy_ingest import parse_legacy_request
from ves.schemas.compiled import compile_schema, read_schema
from ves_stark import wire
from ves_stark.bundle import decode_base64, parse_json
from ves_stark.errors import StarkError

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 250_000
# What is longer is measured in another form, which takes a constant number of times as long.
LIMITS = Limits(max_payload_bytes=1)
AGENT = Agent(agent_id=UUID(int=1), tenant_id=UUID(int=2), store_id=UUID(int=3))


def text_of(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def nested(size: int) -> bytes:
    return b"[" + b",".join([b"[" * 110 + b"]" * 110] * (size // 220 + 1)) + b"]"


DOCUMENTS: dict[str, Callable[[int], bytes]] = {
    "deep": lambda n: b"[" * n + b"]" * n,
    "deep objects": lambda n: b'{"a":' * (n // 5) + b"1" + b"}" * (n // 5),
    "wide and deep": nested,
    "brackets without an end": lambda n: b"[" * n,
    "one long string": lambda n: b'"' + b"a" * n + b'"',
    "escaped backslashes": lambda n: b'["' + b"\\\\" * n + b'"]',
    "escaped quotation marks": lambda n: b'["' + b'\\"' * n + b'"]',
    "unicode escapes": lambda n: b'["' + b"\\u00e9" * (n // 6) + b'"]',
    "surrogate pairs": lambda n: b'["' + b"\\ud83d\\ude00" * (n // 12) + b'"]',
    "a lone surrogate at the end": lambda n: b'["' + b"\\u00e9" * (n // 6) + b'\\ud800"]',
    "NUL escapes": lambda n: b'["' + b"\\u0000" * (n // 6) + b'"]',
    "invalid UTF-8 at the end": lambda n: b'["' + "\u00e9".encode() * (n // 2) + b'\xff"]',
    "a string without an end": lambda n: b'["' + b"\\\\" * n,
    "short strings": lambda n: b"[" + b'"",' * (n // 3) + b'""]',
    "strings and brackets": lambda n: b"[" + b'["["],' * (n // 6) + b"1]",
    "many keys": lambda n: text_of({f"k{i}": None for i in range(n // 12)}),
    "many keys beyond U+FFFF": lambda n: text_of({f"\U0001f600{i}": None for i in range(n // 16)}),
    "equal keys": lambda n: b"{" + b'"a":1,' * (n // 6) + b'"a":1}',
    "objects of one key": lambda n: b"[" + b'{"a":1},' * (n // 8) + b"1]",
    "one huge integer": lambda n: b"9" * n,
    "huge integers": lambda n: b"[" + b"9" * 400 + (b"," + b"9" * 400) * (n // 400) + b"]",
    "integers beyond 64 bits": lambda n: text_of([10**20 + i for i in range(n // 22)]),
    "1e300": lambda n: b"[" + b"1e300," * (n // 6) + b"1]",
    "1e-300": lambda n: b"[" + b"1e-300," * (n // 7) + b"1]",
    "one long fraction": lambda n: b"0." + b"3" * n,
    "one long exponent": lambda n: b"1e" + b"0" * n + b"1",
    "doubles": lambda n: text_of([i + 0.1 for i in range(n // 8)]),
    "white space": lambda n: b" " * n + b"1",
    "line ends": lambda n: b"[" + b"\r\n" * (n // 2) + b"]",
    "garbage at the end": lambda n: b"[" + b"1," * (n // 2) + b"x]",
}


def request_with(member: str, text: bytes, *, is_legacy: bool) -> bytes:
    """A request whose event has this raw text as one of its members, after its own."""
    event = AGENT.event() | {"payload": 1}
    agent = '"agentId"'
    if is_legacy:
        event |= {"source_agent": str(AGENT.agent_id), "payload_hash": "00" * 32}
        agent = '"agent_id"'
    start = f'{{{agent}:"{AGENT.agent_id}","events":[{json.dumps(event)[:-1]},"{member}":'
    return start.encode() + text + b"}]}"


def answered(read: Callable[[Any], object]) -> Callable[[Any], None]:
    def run(given: Any) -> None:
        with contextlib.suppress(ProtocolError, StarkError):
            read(given)

    return run


READERS: dict[str, Callable[[bytes], object]] = {
    "jcs": canonical.jcs,
    "compact form": canonical.plain,
    "depth": lambda raw: json_scan.is_deeper(raw, json_scan.MAX_DEPTH),
    "NUL": json_scan.has_nul,
    "a payload": lambda raw: parse_request(request_with("payload", raw, is_legacy=False), LIMITS),
    "a payload of kind 1": lambda raw: parse_request(request_with("payload_encrypted", raw, is_legacy=False)),
    "an unknown member": lambda raw: parse_request(request_with("unknown", raw, is_legacy=False)),
    "a signature bundle": lambda raw: parse_request(
        request_with("agent_signature_bundle", raw, is_legacy=False)
    ),
    "entity_id": lambda raw: parse_request(request_with("entity_id", raw, is_legacy=False)),
    "base_version": lambda raw: parse_request(request_with("base_version", raw, is_legacy=False)),
    "a legacy payload": lambda raw: parse_legacy_request(request_with("payload", raw, is_legacy=True)),
    "a whole request": parse_request,
    "payload_encrypted": encrypted.decode,
    "a stored bundle": bundles.all_key_parts,
    "a receipt": receipts.decode_receipt,
    "a schema's text": lambda raw: read_schema(raw.decode(errors="replace")),
    "a payload against a schema": compile_schema('{"items": {"type": "number"}}').violations,
    "a STARK bundle": lambda raw: parse_json(raw.decode(errors="replace"), "it"),
}


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("reader", READERS)
def test_json_is_read_in_linear_time(reader: str, document: str) -> None:
    assert growth(answered(READERS[reader]), DOCUMENTS[document], LARGEST) <= MAX_RATIO


def envelope_members(n: int) -> bytes:
    events = [AGENT.event() | {"payload": 1} for _ in range(n // 1_000)]
    return text_of({"agentId": str(AGENT.agent_id), "events": events})


TEXTS: dict[str, tuple[Callable[[Any], object], Callable[[int], Any]]] = {
    "hexadecimal": (lambda text: codec.parse_hex(text, 32), lambda n: "0x" + "a" * n),
    "hexadecimal of its length": (lambda text: codec.parse_hex(text, len(text) // 2), lambda n: "aB" * n),
    "base64url": (codec.b64u_decode, lambda n: "a" * (n // 4 * 4)),
    "base64url with padding": (codec.b64u_decode, lambda n: "a" * n + "=" * n),
    "standard base64": (
        lambda text: decode_base64(text, "it"),
        lambda n: base64.b64encode(bytes(n)).decode(),
    ),
    "UUID": (codec.parse_uuid, lambda n: "0" * n),
    "UUID with hyphens": (codec.parse_uuid, lambda n: "-" * n),
    "a time's fraction": (timestamps.rfc3339_micros, lambda n: f"2026-01-01T00:00:00.{'1' * n}Z"),
    "a time's end": (timestamps.rfc3339_micros, lambda n: "2026-01-01T00:00:00" + "." * n),
    "many events": (parse_request, envelope_members),
    "a Merkle tree": (ves_tree.root, lambda n: bytes(32 * (1 << (n // 32).bit_length()))),
    "a legacy tree": (legacy_tree.root, lambda n: bytes(32 * (n // 32))),
    "a long path": (
        lambda path: merkle.verify_inclusion(bytes(32), 0, path, bytes(32)),
        lambda n: [bytes(32)] * (n // 32),
    ),
    "a long legacy path": (
        lambda path: legacy.verify_path(bytes(32), 2 ** len(path) - 1, path, bytes(32)),
        lambda n: [bytes(32)] * (n // 32),
    ),
    "a STARK proof of zeros": (wire.parse, bytes),
    "a STARK proof of ones": (wire.parse, lambda n: b"\xff" * n),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_trees_and_proofs_are_read_in_linear_time(name: str) -> None:
    run, make = TEXTS[name]
    assert growth(answered(run), make, LARGEST) <= MAX_RATIO


def nestings(n: int) -> list[Any]:
    """The same sixteen numbers in different nestings."""
    chosen, found = random.Random(n), []
    for _ in range(n // 80):
        row: list[Any] = list(range(16))
        for _ in range(16):
            first = chosen.randrange(len(row))
            last = chosen.randrange(first, len(row))
            row[first : last + 1] = [row[first : last + 1]]
        found.append(row)
    return found


UNIQUE = {"uniqueItems": True}
CHECKS: dict[str, tuple[Any, Callable[[int], Any]]] = {
    "unique integers": (UNIQUE, lambda n: list(range(n // 6))),
    "unique integers of 2^53": (UNIQUE, lambda n: [2**53 + i for i in range(n // 17)]),
    "unique integers of 2^63": (UNIQUE, lambda n: [2**63 + i for i in range(n // 20)]),
    "unique integers of 10^20": (UNIQUE, lambda n: [10**20 + i for i in range(n // 22)]),
    "unique integers of 10^300": (UNIQUE, lambda n: [10**300 + i for i in range(n // 302)]),
    "unique multiples of 2^61-1": (UNIQUE, lambda n: [(2**61 - 1) * i for i in range(n // 22)]),
    "unique doubles": (UNIQUE, lambda n: [1e300 * (1 + i * 1e-9) for i in range(n // 20)]),
    "unique nestings": (UNIQUE, nestings),
    "unique objects": (UNIQUE, lambda n: [{"a": {"b": 2**60 + i}} for i in range(n // 35)]),
    "unique strings": (UNIQUE, lambda n: [f"{i}" for i in range(n // 8)]),
    "nearly equal arrays": (UNIQUE, lambda n: [[0] * 100 + [i] for i in range(n // 200)]),
    "multiples of a double": ({"items": {"multipleOf": 0.01}}, lambda n: [1e300] * (n // 6)),
    "multiples of 1e-300": ({"items": {"multipleOf": 1e-300}}, lambda n: [1e300] * (n // 6)),
    "bounds": ({"items": {"minimum": 10**400, "maximum": 0.5}}, lambda n: [1e-300] * (n // 7)),
    "const of numbers": ({"items": {"const": 1e-300}}, lambda n: [1e-300] * (n // 7)),
    "enum of numbers": ({"items": {"enum": [*range(99), 1e-300]}}, lambda n: [1e-300] * (n // 70)),
    "enum of arrays": (
        {"items": {"enum": [[0] * 90 + [i] for i in range(50)]}},
        lambda n: [[0] * 90 + [49]] * (n // 900),
    ),
    "contains": ({"contains": {"const": 1}, "minContains": 2}, lambda n: [0] * (n // 2)),
    "unevaluated items": (
        {"contains": {"type": "integer"}, "unevaluatedItems": False},
        lambda n: [0] * (n // 2),
    ),
    "unevaluated members": (
        {"anyOf": [{"properties": {"k1": {}}}, {"properties": {"k2": {}}}], "unevaluatedProperties": False},
        lambda n: {f"k{i}": 0 for i in range(n // 10)},
    ),
    "names by pattern": (
        {"patternProperties": {"^(a|b)*c": {}}},
        lambda n: {f"ab{i}": 0 for i in range(n // 10)},
    ),
    "a nested repetition": ({"pattern": "^(a+)+$"}, lambda n: "a" * n + "!"),
    "a counted repetition": ({"pattern": "^[01]*1[01]{30}$"}, lambda n: "01" * (n // 2)),
    "names that are listed": (
        {"propertyNames": {"enum": [f"k{i}" for i in range(2_000)]}},
        lambda n: {f"k{i}": 0 for i in range(n // 10)},
    ),
} | {
    f"format {name}": (
        {"$schema": "http://json-schema.org/draft-07/schema#", "format": name},
        lambda n: "a." * n,
    )
    for name in (
        "email",
        "idn-email",
        "hostname",
        "idn-hostname",
        "uri",
        "iri",
        "regex",
        "uri-template",
        "json-pointer",
    )
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_payload_is_checked_in_linear_time(name: str) -> None:
    """Beyond the bound of what is checked at all, too, since the bound counts on it."""
    schema, make = CHECKS[name]
    compiled = compile_schema(text_of(schema).decode())
    run = lambda raw: compiled.violations(raw, 10**12)  # noqa: E731
    assert growth(run, lambda n: text_of(make(n)), LARGEST // 2) <= MAX_RATIO
