"""The page of sizes: longest bodies, longest stored values, and what decoders take, read from what enforces them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tests.api.surface.conftest import APPLICATION
from ves import json_scan, merkle, prepare
from ves.ingest import Limits
from ves.schemas import compiled, cost
from ves_api.auth import credentials, origin
from ves_api.http.docs.document import routes_of
from ves_api.operations import commitments, proof_fields, registration, ves_events
from ves_api.rpc import fields, server
from ves_stark import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ves_api.http.routes import Route

Row = tuple[str, ...]

CHECKS: Final = """
select t.relname as table_name, pg_catalog.pg_get_constraintdef(c.oid) as rule
from pg_catalog.pg_constraint as c
join pg_catalog.pg_class as t on t.oid = c.conrelid
where c.contype = 'c' and t.relnamespace = 'ves_store'::regnamespace
order by 1, c.conname"""
# Fixed lengths are those of hashes, keys and signatures.
_BOUND = re.compile(r"(octet_length|char_length)\(+(\w+)\)[^<>=]*? <= (\d+)\)")
_UNITS = {
    "octet_length": "bytes",
    "char_length": "characters",
}

DECODERS: Final[Mapping[str, object]] = {
    "levels of a JSON text": json_scan.MAX_DEPTH,
    "events of a request (`MAX_EVENTS_PER_BATCH`)": Limits().max_events,
    "bytes of an event's payload (`MAX_EVENT_PAYLOAD_SIZE`)": Limits().max_payload_bytes,
    "bytes of `entity_type`, `entity_id`, `event_type`": (
        f"{prepare.ENTITY_TYPE_BYTES}, {prepare.ENTITY_ID_BYTES}, {prepare.EVENT_TYPE_BYTES}"
    ),
    "hashes of a Merkle path": merkle.MAX_PATH,
    "bytes of a proof": proof_fields.MAX_PROOF_BYTES,
    "bytes of a STARK proof that the library parses": wire.MAX_PROOF_BYTES,
    "bytes of `policyParams`": proof_fields.PARAMS_BYTES,
    "bytes of a JSON Schema": compiled.MAX_SCHEMA_BYTES,
    "levels of a JSON Schema": compiled._MAX_DEPTH,
    "patterns of a JSON Schema": compiled._MAX_PATTERNS,
    "bytes of its patterns, compiled": compiled._MAX_PATTERNS_BYTES,
    "references of a JSON Schema": cost._MAX_REFERENCES,
    "checks (about 10 ns) of a payload against its schema": compiled.MAX_COST,
    "violations that are told": compiled.MAX_VIOLATIONS,
    "bytes of a credential": credentials._MAX_CREDENTIAL_BYTES,
    "characters of `x-request-id`": origin.MAX_REQUEST_ID,
    "stores, name and description of a registration": (
        f"{registration._MAX_STORES}, {registration._MAX_NAME}, {registration._MAX_DESCRIPTION}"
    ),
    "bytes of a gRPC message": server._MESSAGE_BYTES,
    "bytes of payloads in a gRPC answer": ves_events.PAGE_BYTES,
    "entries of each filter of a gRPC request": fields._MAX_FILTERS,
    "commitments of a page": commitments.PAGE,
}


def bodies() -> Iterator[Row]:
    """Every route with a body, and the longest one that it takes."""
    for route in sorted(routes_of(APPLICATION.routes), key=_place):
        if route.operation.raw_body is not None:
            yield f"`{route.method} {route.template}`", "`MAX_BODY_SIZE_BYTES` (10,485,760)"
        elif route.operation.body is not None:
            yield f"`{route.method} {route.template}`", f"{route.operation.body_bytes:,}"


def _place(route: Route) -> tuple[str, str]:
    return route.template, route.method


def stored(rules: Callable[[str], list[dict[str, Any]]]) -> Iterator[Row]:
    """Columns whose length a constraint bounds."""
    for row in rules(CHECKS):
        for measure, column, most in _BOUND.findall(row["rule"]):
            yield f"`{row['table_name']}`", f"`{column}`", f"{int(most):,} {_UNITS[measure]}"


def decoders() -> Iterator[Row]:
    """What a decoder or an answer takes at most."""
    for what, most in DECODERS.items():
        yield what, f"{most:,}" if isinstance(most, int) else str(most)
