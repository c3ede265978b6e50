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
    required: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """One route: what it does, who may call it, and the names of the refusals beyond the common ones.

    `unhealthy` is the body of a 503 that is a report and not a refusal; `sheds` is false for routes that are served even
    while the connection pool is exhausted.
    """

    summary: str
    tag: str
    needs: str
    response: Any
    request: type | None = None
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[str, ...] = ()
    public: bool = False
    unhealthy: type | None = None
    sheds: bool = True


UUID_SCHEMA: dict[str, Any] = {"type": "string", "format": "uuid"}
NUMBER_SCHEMA: dict[str, Any] = {"type": "integer", "minimum": 0}

TENANT = Parameter("tenant_id", "query", UUID_SCHEMA, "Tenant of the stream.")
STORE = Parameter("store_id", "query", UUID_SCHEMA, "Store of the stream.")
BATCH_QUERY = Parameter("batch_id", "query", UUID_SCHEMA, "The commitment that holds the event.")
BATCH_PATH = Parameter("batch_id", "path", UUID_SCHEMA, "The commitment.")
SEQUENCE_PATH = Parameter("sequence_number", "path", NUMBER_SCHEMA, "Number of the event in its stream.")
ENTITY_TYPE_PATH = Parameter(
    "entity_type", "path", {"type": "string", "minLength": 1, "maxLength": 128}, "Type of the entity."
)
ENTITY_ID_PATH = Parameter(
    "entity_id",
    "path",
    {"type": "string", "minLength": 1, "maxLength": 512},
    "Id of the entity; a slash in it is written %2F.",
)
FROM_NUMBER = Parameter(
    "from", "query", NUMBER_SCHEMA, "First number of the window; 0 counts as a number.", required=False
)
FROM_OFFSET = Parameter("from", "query", NUMBER_SCHEMA, "How many events to skip.", required=False)
LIMIT = Parameter("limit", "query", NUMBER_SCHEMA, "Most events to answer; default 100.", required=False)
EVENT_PATH = Parameter("event_id", "path", UUID_SCHEMA, "The event.")
PROOF_PATH = Parameter("proof_id", "path", UUID_SCHEMA, "The proof.")
POLICY_QUERY = Parameter("policyId", "query", {"type": "string"}, "The policy, 1 to 64 bytes.")
POLICY_PARAMS_QUERY = Parameter(
    "policyParams", "query", {"type": "string"}, "The policy's parameters as JSON text.", required=False
)
AGENT_PATH = Parameter("agent_id", "path", UUID_SCHEMA, "The agent.")
KEY_NUMBER_PATH = Parameter(
    "key_id",
    "path",
    {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    "Number of the key among those of the agent.",
)
TENANT_QUERY = Parameter(
    "tenantId",
    "query",
    UUID_SCHEMA,
    "Tenant; the credential's own when left out, needed by the bootstrap administrator.",
    required=False,
)
KEY_PREFIX_PATH = Parameter(
    "key_prefix", "path", {"type": "string", "pattern": "^[0-9a-f]{1,64}$"}, "Start of the key's hash."
)
TENANT_ID_QUERY = Parameter("tenant_id", "query", UUID_SCHEMA, "The tenant.")
SCHEMA_PATH = Parameter("schema_id", "path", UUID_SCHEMA, "The schema.")
EVENT_TYPE_PATH = Parameter(
    "event_type",
    "path",
    {"type": "string", "minLength": 1, "maxLength": 256},
    "The event type; a slash in it is written %2F.",
)
EVENT_TYPE_QUERY = Parameter(
    "event_type", "query", {"type": "string"}, "Must be there; the event type of the path counts."
)
SCHEMA_VERSION = Parameter("version", "query", NUMBER_SCHEMA, "Only this version.", required=False)


def operation_opt(operation: Operation) -> dict[str, Any]:
    """The handler option under which the document finds the operation."""
    return {"operation": operation}
