"""What a route says about itself; attached to its handler and turned into the OpenAPI document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """A path or query parameter; `schema` is a JSON Schema."""

    name: str
    place: str
    schema: dict[str, Any]
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One route: what it does, who may call it, and the names of the refusals beyond the common ones."""

    summary: str
    tag: str
    needs: str
    response: type
    request: type | None = None
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[str, ...] = ()
    public: bool = False


UUID_SCHEMA: dict[str, Any] = {"type": "string", "format": "uuid"}
NUMBER_SCHEMA: dict[str, Any] = {"type": "integer", "minimum": 0}

TENANT = Parameter("tenant_id", "query", UUID_SCHEMA, "Tenant of the stream.")
STORE = Parameter("store_id", "query", UUID_SCHEMA, "Store of the stream.")
BATCH_QUERY = Parameter("batch_id", "query", UUID_SCHEMA, "The commitment that holds the event.")
BATCH_PATH = Parameter("batch_id", "path", UUID_SCHEMA, "The commitment.")
SEQUENCE_PATH = Parameter("sequence_number", "path", NUMBER_SCHEMA, "Number of the event in its stream.")
AGENT_PATH = Parameter("agent_id", "path", UUID_SCHEMA, "The agent.")
KEY_PREFIX_PATH = Parameter(
    "key_prefix", "path", {"type": "string", "pattern": "^[0-9a-f]{1,64}$"}, "Start of the key's hash."
)


def operation_opt(operation: Operation) -> dict[str, Any]:
    """The handler option under which the document finds the operation."""
    return {"operation": operation}
