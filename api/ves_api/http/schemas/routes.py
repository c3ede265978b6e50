"""`/api/v1/schemas` (http-api 8, operations 6)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, delete, get, post, put
from litestar.response.base import ASGIResponse

from ves.json_scan import is_deeper
from ves.prepare import EVENT_TYPE_BYTES
from ves.schemas.compatibility import MODES
from ves.schemas.compiled import MAX_SCHEMA_BYTES
from ves.timestamps import micros_text
from ves_api.auth.context import audit_context
from ves_api.errors import ApiError
from ves_api.gateway import schemas as gateway
from ves_api.http.decode import Query, path_name, path_uuid, read_struct
from ves_api.http.docs.operation import (
    EVENT_TYPE_PATH,
    EVENT_TYPE_QUERY,
    SCHEMA_PATH,
    SCHEMA_VERSION,
    TENANT_ID_QUERY,
    Operation,
    operation_opt,
)
from ves_api.http.encode import answer, micros
from ves_api.http.schemas.registry import NewSchema
from ves_api.http.schemas.wire import (
    DeletedSchema,
    RegisterSchemaRequest,
    RegisterSchemaResponse,
    Schema,
    SchemaList,
    SchemaVersion,
    SchemaVersions,
    StatusRequest,
    StatusResponse,
    ValidateRequest,
    ValidateResponse,
    schema_of,
)
from ves_api.services import identify, services_of

if TYPE_CHECKING:
    import uuid

    from ves_api.auth.identity import Identity, Right
    from ves_api.gateway.database import Database

_TAG = "Schemas"
_READ = "read, and the tenant in scope"
_DESCRIPTION_BYTES = 2048
_MAX_VERSION = 2**31 - 1
_STATUSES = ("active", "deprecated", "archived")
# A payload sits in the request.
_MAX_PAYLOAD_DEPTH = 126

_REGISTER = Operation(
    summary="Register the next version of an event type's JSON Schema",
    tag=_TAG,
    needs="write, and the tenant in scope",
    request=RegisterSchemaRequest,
    response=RegisterSchemaResponse,
    errors=("invalid_schema", "schema_incompatible", "schema_too_large", "invalid_field"),
)
_LIST = Operation(
    summary="List a tenant's schemas by event type, newest version first; at most 1000",
    tag=_TAG,
    needs=_READ,
    response=SchemaList,
    parameters=(TENANT_ID_QUERY,),
)
_GET = Operation(
    summary="Get one schema",
    tag=_TAG,
    needs=_READ,
    response=Schema,
    parameters=(SCHEMA_PATH,),
    errors=("schema_not_found",),
)
_STATUS = Operation(
    summary="Make a schema active, deprecated or archived; it holds at once in every process",
    tag=_TAG,
    needs="write, and the tenant in scope",
    request=StatusRequest,
    response=StatusResponse,
    parameters=(SCHEMA_PATH,),
    errors=("schema_not_found", "invalid_field"),
)
_DELETE = Operation(
    summary="Delete a schema; it holds at once in every process",
    tag=_TAG,
    needs="admin, and the tenant in scope",
    response=DeletedSchema,
    parameters=(SCHEMA_PATH,),
    errors=("schema_not_found",),
)
_VERSIONS = Operation(
    summary="List the versions of an event type's schema, newest first, or get one of them",
    tag=_TAG,
    needs=_READ,
    response=SchemaVersions,
    parameters=(EVENT_TYPE_PATH, TENANT_ID_QUERY, SCHEMA_VERSION),
    errors=("schema_not_found",),
)
_LATEST = Operation(
    summary="Get the newest active schema of an event type, the one that ingest checks",
    tag=_TAG,
    needs=_READ,
    response=Schema,
    parameters=(EVENT_TYPE_PATH, TENANT_ID_QUERY, EVENT_TYPE_QUERY),
    errors=("schema_not_found",),
)
_VALIDATE = Operation(
    summary="Check a payload against a schema without sending an event; an invalid payload is still a 200",
    tag=_TAG,
    needs=_READ,
    request=ValidateRequest,
    response=ValidateResponse,
    errors=("schema_not_found", "invalid_field"),
)
_register_decoder = msgspec.json.Decoder(RegisterSchemaRequest)
_status_decoder = msgspec.json.Decoder(StatusRequest)
_validate_decoder = msgspec.json.Decoder(ValidateRequest)


@post("/api/v1/schemas", opt=operation_opt(_REGISTER))
async def register_schema(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Register a schema; its version is the highest of the event type plus one."""
    identity = await identify(request)
    sent = await read_struct(request, _register_decoder)
    identity.require("write")
    identity.require_scope(sent.tenant_id)
    _require_text(sent.event_type, "eventType", 1, EVENT_TYPE_BYTES)
    if sent.description is not None:
        _require_text(sent.description, "description", 0, _DESCRIPTION_BYTES)
    if sent.compatibility is not None and sent.compatibility not in MODES:
        raise _invalid("compatibility", f"one of {', '.join(MODES)}")
    new = NewSchema(
        tenant_id=sent.tenant_id,
        event_type=sent.event_type,
        text=_schema_text(bytes(sent.schema_json)),
        description=sent.description,
        compatibility=sent.compatibility,
    )
    stored = await services_of(request).schemas.register(new, audit_context(request, identity))
    created_at = micros_text(micros(stored.created_at))
    return answer(RegisterSchemaResponse(stored.schema_id, sent.event_type, stored.version, created_at))


@get("/api/v1/schemas", opt=operation_opt(_LIST))
async def list_schemas(request: Request[Any, Any, Any]) -> ASGIResponse:
    """All schemas of a tenant."""
    tenant_id = await _readable_tenant(request, Query(request))
    found = await gateway.list_schemas(services_of(request).database, tenant_id)
    return answer(SchemaList([schema_of(s) for s in found], len(found)))


@get("/api/v1/schemas/{schema_id:str}", opt=operation_opt(_GET))
async def get_schema(request: Request[Any, Any, Any], schema_id: str) -> ASGIResponse:
    """One schema of the caller's tenant."""
    identity = await identify(request)
    return answer(schema_of(await _schema(request, identity, schema_id, "read")))


@put("/api/v1/schemas/{schema_id:str}/status", opt=operation_opt(_STATUS))
async def set_status(request: Request[Any, Any, Any], schema_id: str) -> ASGIResponse:
    """Change the status; any may follow any."""
    identity = await identify(request)
    sent = await read_struct(request, _status_decoder)
    stored = await _schema(request, identity, schema_id, "write")
    if sent.status not in _STATUSES:
        raise _invalid("status", f"one of {', '.join(_STATUSES)}")
    await gateway.set_schema_status(
        services_of(request).database,
        stored.tenant_id,
        stored.schema_id,
        sent.status,
        audit_context(request, identity),
    )
    return answer(StatusResponse(success=True, schema_id=stored.schema_id, new_status=sent.status))


@delete("/api/v1/schemas/{schema_id:str}", status_code=200, opt=operation_opt(_DELETE))
async def delete_schema(request: Request[Any, Any, Any], schema_id: str) -> ASGIResponse:
    """Delete a schema; stored events stay as they are."""
    identity = await identify(request)
    stored = await _schema(request, identity, schema_id, "admin")
    await gateway.delete_schema(
        services_of(request).database, stored.tenant_id, stored.schema_id, audit_context(request, identity)
    )
    return answer(DeletedSchema(success=True, deleted_schema_id=stored.schema_id))


@get("/api/v1/schemas/event-type/{event_type:str}", opt=operation_opt(_VERSIONS))
async def list_versions(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The versions of an event type, or one."""
    query = Query(request)
    tenant_id = await _readable_tenant(request, query)
    event_type = path_name(request.scope, -1, "event_type", EVENT_TYPE_BYTES)
    version = query.number("version", 0, _MAX_VERSION) if query.has("version") else None
    found = await gateway.list_schema_versions(services_of(request).database, tenant_id, event_type, version)
    if version is None:
        return answer(SchemaList([schema_of(s) for s in found], len(found)))
    if not found:
        raise ApiError("schema_not_found")
    return answer(SchemaVersion(schema_of(found[0])))


@get("/api/v1/schemas/event-type/{event_type:str}/latest", opt=operation_opt(_LATEST))
async def get_latest(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The newest active version; the event type of the path counts, that of the query must be there."""
    query = Query(request)
    tenant_id = await _readable_tenant(request, query)
    query.text("event_type")
    event_type = path_name(request.scope, -2, "event_type", EVENT_TYPE_BYTES)
    stored = await gateway.find_latest_schema(services_of(request).database, tenant_id, event_type)
    if stored is None:
        raise ApiError("schema_not_found")
    return answer(schema_of(stored))


@post("/api/v1/schemas/validate", opt=operation_opt(_VALIDATE))
async def validate_payload(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Check a payload; without a schema every payload is valid."""
    identity = await identify(request)
    sent = await read_struct(request, _validate_decoder)
    identity.require("read")
    identity.require_scope(sent.tenant_id)
    _require_text(sent.event_type, "eventType", 1, EVENT_TYPE_BYTES)
    payload = _text(bytes(sent.payload)).encode()
    if is_deeper(payload, _MAX_PAYLOAD_DEPTH):
        raise ApiError("malformed_json", "not acceptable JSON: nested too deeply")
    services = services_of(request)
    stored = await _validating_schema(services.database, sent)
    if stored is None:
        return answer(ValidateResponse(valid=True, schema_id=None, schema_version=None, errors=[]))
    compiled = await services.schemas.compiled(stored.schema_id, stored.schema_json)
    errors = await asyncio.to_thread(compiled.violations, payload)
    return answer(ValidateResponse(not errors, stored.schema_id, stored.version, errors))


async def _validating_schema(database: Database, sent: ValidateRequest) -> gateway.StoredSchema | None:
    """The version asked for (of any status), else the newest active one, else None."""
    version = sent.schema_version
    if version is None:
        return await gateway.find_latest_schema(database, sent.tenant_id, sent.event_type)
    found: list[gateway.StoredSchema] = []
    if 1 <= version <= _MAX_VERSION:
        found = await gateway.list_schema_versions(database, sent.tenant_id, sent.event_type, version)
    if not found:
        raise ApiError("schema_not_found")
    return found[0]


async def _readable_tenant(request: Request[Any, Any, Any], query: Query) -> uuid.UUID:
    identity = await identify(request)
    tenant_id = query.required_uuid("tenant_id")
    identity.require("read")
    identity.require_scope(tenant_id)
    return tenant_id


async def _schema(
    request: Request[Any, Any, Any], identity: Identity, schema_id: str, permission: Right
) -> gateway.StoredSchema:
    """A schema of the caller's tenant. Raises 403 without the permission, else 404 for what is not there."""
    wanted = path_uuid(schema_id, "schema_id")
    identity.require(permission)
    stored = await gateway.get_schema(services_of(request).database, identity.search_tenant, wanted)
    identity.require_scope(stored.tenant_id)
    return stored


def _schema_text(raw: bytes) -> str:
    """The schema as received; only a text that is too long is stripped of its white space."""
    text = _text(raw)
    if len(raw) > MAX_SCHEMA_BYTES:
        text = msgspec.json.format(text, indent=-1)
    if len(text.encode()) > MAX_SCHEMA_BYTES:
        raise ApiError("schema_too_large", details={"limit": MAX_SCHEMA_BYTES})
    return text


def _text(raw: bytes) -> str:
    """A member as text; the decoder does not look inside the members that it passes over."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ApiError("malformed_json") from error


def _require_text(text: str, field: str, least: int, most: int) -> None:
    if not least <= len(text.encode()) <= most or "\0" in text:
        raise _invalid(field, f"{least} to {most} bytes without NUL")


def _invalid(field: str, rule: str) -> ApiError:
    return ApiError("invalid_field", f"{field} must be {rule}", details={"field": field})


ROUTES = [
    register_schema,
    list_schemas,
    get_schema,
    set_status,
    delete_schema,
    list_versions,
    get_latest,
    validate_payload,
]
