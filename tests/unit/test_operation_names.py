"""An operation has the name of the database function that it is; those that are more, or none, are listed with the reason."""

from __future__ import annotations

import dis
import importlib
import itertools
import pkgutil
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final

import ves_api.operations
from ves_api.operations.kit import Operation
from ves_edge.gen import aio
from ves_edge.gen.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEGACY_FLAG: Final = "ves.get_stream_state of the legacy stream, with its latest commitment"
_RPC_ONLY: Final = "the answer that the RPC needs; the route has the function's name"
_POSITION: Final = "answers where a subscription begins; the transport then sends the events"
_PURE: Final = "pure computation: no data is read"
_CHAIN: Final = "speaks to a chain"
# The operations that are not one database function, with the reason.
COMPOSED: Final = {
    "anchor_commitment": _CHAIN,
    "anchor_legacy_commitment": _CHAIN,
    "commit_and_anchor": _CHAIN,
    "follow_entity": _POSITION,
    "follow_events": _POSITION,
    "follow_legacy_events": _POSITION,
    "follow_scope": _POSITION,
    "get_anchor_status": "the settings of the process",
    "get_dead_letter": "one row of ves.list_dead_letters",
    "get_detailed_health": "ves.health, and the state of the process",
    "get_entity_events": "finds the first version, then reads from its number",
    "get_health": "the process only",
    "get_health_for_clients": "get_health for callers with a credential (grpc-api 3.3)",
    "get_legacy_state": _LEGACY_FLAG,
    "get_metrics": "the metrics of the processes, and those that the database keeps",
    "get_ready": "probes the primary and the start of the process",
    "get_sync_state": "ves.get_stream_state, with the latest commitment",
    "list_exact_kinds": "the settings of the process",
    "list_ves_events": "a window of events with their head and signed receipts",
    "post_compliance_inputs": "get_compliance_inputs for a policy in the body",
    "prove_event": "an event, the path and the commitment",
    "prove_legacy_event": "an event, the path and the commitment",
    "pull_events": "reads the head, then a window up to it",
    "read_legacy_commitment": _RPC_ONLY,
    "read_legacy_history": _RPC_ONLY,
    "select_commitment": "a commitment by its id or by a number",
    "settle_exact_payment": _CHAIN,
    "validate_payload": "reads a schema, then judges outside the database",
    "verify_anchor": _CHAIN,
    "verify_exact_payment": _CHAIN,
    "verify_legacy_anchor": _CHAIN,
    "verify_legacy_proof": _PURE,
    "verify_proof": _PURE,
}
# The function of the operation's name checks the request inside the database; the operation does it outside, then reads or
# stores with another one.
CHECKED_OUTSIDE: Final = {"get_compliance_inputs", "register_agent_key", "rotate_agent_key"}


def operations() -> dict[str, Operation[Any]]:
    """Every declared operation by its name."""
    package = ves_api.operations
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]
    return {o.name: o for m in modules for o in vars(m).values() if isinstance(o, Operation)}


def _instructions(code: CodeType) -> Iterator[dis.Instruction]:
    """The instructions of a body, those of its inner functions included."""
    yield from dis.get_instructions(code)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _instructions(constant)


def called(function: Any, seen: set[Any]) -> set[str]:
    """The database functions that a call names, itself or through functions and operations that it names."""
    seen.add(function)
    reached = set()
    for first, second in itertools.pairwise(_instructions(function.__code__)):
        value = function.__globals__.get(first.argval) if first.opname == "LOAD_GLOBAL" else None
        value = value.call if isinstance(value, Operation) else value
        if value is aio:
            reached.add(second.argval)
        elif isinstance(value, FunctionType) and value not in seen:
            reached |= called(value, seen)
    return reached & FUNCTIONS.keys()


def test_an_operation_has_the_name_of_a_function_or_is_listed_with_its_reason() -> None:
    names = set(operations())
    assert names - set(FUNCTIONS) == set(COMPOSED)


def test_an_operation_that_calls_one_database_function_has_its_name() -> None:
    reached = {name: called(operation.call, set()) for name, operation in operations().items()}
    assert reached["create_commitment"] == {"create_commitment"}
    assert reached["prove_event"] > {"find_event_number", "read_event_parts"}
    other = {name for name, functions in reached.items() if len(functions) == 1 and name not in functions}
    assert other - COMPOSED.keys() == CHECKED_OUTSIDE
