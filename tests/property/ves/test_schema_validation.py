"""Validation of payloads against jsonschema, a validator written independently of the one in use, on generated schemas."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.ves.generated_schemas import Maker, usable
from ves.schemas.compiled import compile_schema


def oracle(schema: dict[str, Any]) -> jsonschema.Validator:
    return jsonschema.validators.validator_for(schema)(schema)


@settings(max_examples=100)
@given(st.integers(0, 2**64))
def test_a_payload_is_valid_exactly_where_the_other_validator_says_so(seed: int) -> None:
    make = Maker(seed)
    for schema in [make.document() for _ in range(10)]:
        text = usable(schema)
        if text is None:
            continue
        ours, theirs = compile_schema(text), oracle(schema)
        for payload in [make.payload() for _ in range(20)]:
            found = ours.violations(json.dumps(payload).encode())
            assert (found == []) == theirs.is_valid(payload), (schema, payload, found)


def test_the_generated_schemas_are_worth_trying() -> None:
    make = Maker(7)
    schemas = [schema for schema in (make.document() for _ in range(200)) if usable(schema)]
    verdicts = [oracle(schema).is_valid(make.payload()) for schema in schemas for _ in range(10)]
    assert len(schemas) > 100
    assert 0.2 < sum(verdicts) / len(verdicts) < 0.8
