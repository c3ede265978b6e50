"""Deeply nested text is refused and never overflows the stack, even where a library has raised Python's limit."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ves import canonical, json_scan
from ves.errors import ProtocolError
from ves.schemas.compiled import compile_schema

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
PRODUCT = (
    "plpython/ves",
    "plpython/ves_stark",
    "api/ves_api",
    "api/ves_edge",
    "api/client/ves_client",
    "workers/ves_workers",
)
GUARDED = {("msgspec", "json", "decode"), ("msgspec", "json", "Decoder"), ("json", "loads"), ("json", "load")}

LEVELS = 200_000
SHAPES = {
    "arrays": ("[", "1", "]"),
    "objects": ('{"a":', "1", "}"),
    "mixed": ('[{"a":', "1", "}]"),
    "behind strings": ('["\\\\\\"[",', "1", "]"),
    "without an end": ("[", "", ""),
    "objects without an end": ('{"a":', "", ""),
}

# In a process of its own, which a stack overflow would kill.
PROGRAM = """
import base64
import sys
from tests.unit.ves.test_linear_time import READERS
from ves import json_decode
from ves.errors import ProtocolError
from ves_edge.errors import ApiError
from ves_api.http.decode import decode_body
from ves_api.operations.schemas import ValidateRequest
from ves_api.rpc.sent_events import _json_text
from ves_client.lossless import require_lossless
from ves_paywall.terms import MalformedPaymentError, read_payment
from ves_stark.errors import StarkError
from ves_stark.registry import payload_amount

opening, middle, closing = sys.argv[2:5]
text = (opening * int(sys.argv[1]) + middle + closing * int(sys.argv[1])).encode()
sys.setrecursionlimit(10**6)
readers = READERS | {
    "a body": lambda raw: decode_body(ValidateRequest, raw),
    "a body's payload": lambda raw: decode_body(ValidateRequest, b'{"eventType":"a","payload":' + raw + b"}"),
    "a payload of gRPC": _json_text,
    "a payload's numbers": require_lossless,
    "an amount": lambda raw: payload_amount(raw.decode()),
    "a payment": lambda raw: read_payment(2, base64.b64encode(raw)),
    "UTF-16": lambda raw: json_decode.loads(raw.decode().encode("utf-16")),
}
for name, read in readers.items():
    try:
        print(name, "=", read(text))
    except (ProtocolError, StarkError, ApiError, MalformedPaymentError, RecursionError, UnicodeDecodeError) as error:
        print(name, "-", type(error).__name__)
"""
ANSWERS = {"depth = True", "NUL = False", "an amount = None"}
VIOLATION = "is nested too deeply or has a number that is out of range"


@pytest.mark.parametrize("shape", SHAPES)
def test_no_reader_overflows_the_stack_under_a_raised_recursion_limit(shape: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(LEVELS), *SHAPES[shape]],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": ":".join([str(ROOT), *sys.path])},
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    accepted = {line for line in done.stdout.splitlines() if " = " in line}
    violation = {f"a payload against a schema = [Violation(path='', message='{VIOLATION}')]"}
    assert accepted == ANSWERS | violation


# What decodes JSON in C and is not ours (PyJWT, web3) is protected by the limit alone; eth_account and web3 raise it.
LIMIT = """
import sys
before = sys.getrecursionlimit()
import ves_workers.chain.signer, ves_workers.chain.rpc, ves_contracts.calls, ves_contracts.errors
assert sys.getrecursionlimit() == before, "workers"
"""
LIMIT_OF_THE_API = """
import sys
before = sys.getrecursionlimit()
from ves_contracts import eip712
import ves_api.x402.facilitator
data = eip712.binding_data(payer="0x" + "11" * 20, tenant_id="t", agent_id="a", key_id=1, public_key=bytes(32))
assert eip712.signer(eip712.digest(data), bytes(65)) is None
assert sys.getrecursionlimit() == before
"""


@pytest.mark.parametrize("program", [LIMIT, LIMIT_OF_THE_API], ids=["workers", "API"])
def test_no_import_leaves_a_raised_recursion_limit_behind(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join([str(ROOT), *sys.path])},
    )
    assert done.returncode == 0, done.stderr[-2_000:]


SCHEMAS = {
    "recursive": '{"type": ["array", "object", "number"], "items": {"$ref": "#"}, "additionalProperties": {"$ref": "#"}}',
    "anything": "true",
    "unique": '{"uniqueItems": true}',
}


@pytest.mark.parametrize("shape", ["arrays", "objects", "mixed"])
@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_payload_of_127_levels_is_checked_and_a_deeper_one_is_a_violation(schema: str, shape: str) -> None:
    check = compile_schema(SCHEMAS[schema])
    opening, middle, closing = SHAPES[shape]
    step = 2 if shape == "mixed" else 1
    for levels in (126, 127, 128, 254, 256, 258, 400, 900, 3_000, LEVELS):
        # An odd number of mixed levels begins with one more array.
        extra = levels % step
        times = levels // step
        text = "[" * extra + opening * times + middle + closing * times + "]" * extra
        expected = [] if levels <= json_scan.MAX_DEPTH else [VIOLATION]
        assert [found.message for found in check.violations(text.encode())] == expected, levels


@pytest.mark.parametrize("shape", ["arrays", "objects"])
def test_a_deep_value_of_the_wrong_type_is_a_violation_of_its_own_up_to_127_levels(shape: str) -> None:
    check = compile_schema('{"items": {"type": "number"}, "additionalProperties": {"type": "number"}}')
    opening, middle, closing = SHAPES[shape]
    for levels, expected in ((127, "must be number"), (128, VIOLATION), (300, VIOLATION)):
        text = opening * levels + middle + closing * levels
        assert [found.message for found in check.violations(text.encode())] == [expected]


@pytest.mark.parametrize("shape", ["arrays", "objects"])
@pytest.mark.parametrize("form", [canonical.jcs, canonical.plain], ids=["jcs", "plain"])
def test_canonical_forms_take_127_levels(form: Callable[[bytes], bytes], shape: str) -> None:
    opening, middle, closing = SHAPES[shape]
    for levels in (127, 128, 254, 255, 1_023, 1_025, LEVELS):
        text = (opening * levels + middle + closing * levels).encode()
        if levels <= json_scan.MAX_DEPTH:
            assert form(text) == text
        else:
            with pytest.raises(ProtocolError, match="nested too deeply"):
                form(text)


def test_every_json_text_is_read_by_the_guarded_decoders() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "json_decode.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and tuple(ast.unparse(node).split(".")) in GUARDED
    ]
    assert found == []
