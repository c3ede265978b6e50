"""Generated arguments of SQL functions, by the type of the parameter and sometimes by its name."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

Known = dict[str, list[str]]

NIL = "00000000-0000-0000-0000-000000000000"
EDGES = {"smallint": 15, "integer": 31, "bigint": 63}
# No surrogates and no NUL: PostgreSQL's text cannot hold them, and refuses them before any function is called.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
WORDS = st.sampled_from(
    [
        "",
        " ",
        "'",
        "';--",
        "%s%I",
        "$1",
        "\\",
        "..",
        "stark",
        "active",
        "backward",
        "ed25519",
        "order.created",
        "custom:x",
        "é" * 100,
        "x" * 300,
        "0" * 64,
        "{}",
        "null",
        "\u202e",
    ]
)
TEXT = WORDS | st.text(CHARACTERS, max_size=40) | st.integers(1, 3).map(lambda n: "a" * 10**n * 10)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(CHARACTERS, max_size=8)
    | st.just(NIL),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(CHARACTERS, max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
CONTEXT_MEMBERS = ["actor", "actor_type", "request_id", "ip_address", "user_agent", "unknown"]
CONTEXTS = st.dictionaries(st.sampled_from(CONTEXT_MEMBERS), JSON_VALUES, max_size=6) | JSON_VALUES
ODD_JSON = st.sampled_from(['"\\u0000"', "1e400", "-0", '{"a":1,"a":2}', "[" * 200 + "]" * 200, '""', "1e16"])
TIMES = st.sampled_from(
    [
        "infinity",
        "-infinity",
        "epoch",
        "2026-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z BC",
        "294276-12-31T00:00:00Z",
    ]
)


def _integers(bits: int) -> st.SearchStrategy[str]:
    near = st.sampled_from([0, 1, -1, 2, 2**bits - 1, -(2**bits), 2**bits - 2, 100, 1000, 100_000])
    limits = {"min_value": -(2**bits), "max_value": 2**bits - 1}
    return (near.filter(lambda n: -(2**bits) <= n < 2**bits) | st.integers(**limits)).map(str)


def _json(values: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    return values.map(json.dumps)


SCALARS: dict[str, st.SearchStrategy[str]] = {
    "uuid": st.uuids().map(str) | st.just(NIL),
    "text": TEXT,
    "boolean": st.sampled_from(["true", "false"]),
    "bytea": st.binary(max_size=80).map(lambda b: "\\x" + b.hex())
    | st.sampled_from([32, 64, 160, 320]).map(lambda n: "\\x" + "ab" * n),
    "jsonb": _json(JSON_VALUES),
    "json": _json(JSON_VALUES) | ODD_JSON,
    "timestamp with time zone": TIMES,
    "interval": st.sampled_from(["0", "-1 day", "1 hour", "178000000 years"]),
    "inet": st.sampled_from(["0.0.0.0", "::1", "10.0.0.0/8"]),
    "double precision": st.sampled_from(["0", "NaN", "Infinity", "-1e308", "0.5"]),
    "numeric": st.sampled_from(["0", "NaN", "-1", "1e40"]),
    **{name: _integers(bits) for name, bits in EDGES.items()},
}


def argument(name: str, type_name: str, known: Known) -> st.SearchStrategy[Any]:
    """Values of one parameter, as text for a cast to its type; None is SQL's null."""
    if type_name.endswith("[]"):
        element = SCALARS[type_name.removesuffix("[]")]
        return st.none() | st.lists(st.none() | element, max_size=4) | element.map(lambda e: [e] * 50)
    values = SCALARS[type_name]
    if name == "context":
        values = _json(CONTEXTS)
    if name in known:
        values = st.sampled_from(known[name]) | values
    return st.none() | values
