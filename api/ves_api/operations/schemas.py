"""The schema registry (http-api 8, operations 6)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from ves.codec import U32_MAX
from ves.json_scan import is_deeper
from ves.prepare import EVENT_TYPE_BYTES
from ves.schemas.compatibility import MODES
from ves.schemas.compiled import MAX_SCHEMA_BYTES, Violation
from ves.timestamps import micros_text
from ves_api.auth.permission import in_tenant, where_found
from ves_api.ingest.schema_registry import NewSchema
from ves_api.operations.answers import answer
from ves_api.operations.fields import invalid
from ves_api.operations.kit import LARGE_BODY_BYTES, Area, Context, only
from ves_api.operations.parameters import (
    EventType,
    Parameters,
    SchemaId,
    SchemaTenantId,
    number,
    sent_text,
)
from ves_api.times import micros
from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ves_edge.gen.records import EventSchema

operation = Area("Schemas").operation
_DESCRIPTION_BYTES = 2048
_FORMATTED_BYTES = 1 << 20
# Where ves.list_schemas and ves.list_schema_versions end.
_LIST_BYTES = 16 << 20
_LIST_SCHEMAS = 1000
_MAX_VERSION = 2**31 - 1
_NONE_HAS = 0
_STATUSES = ("active", "deprecated", "archived")
_TENANT = "the tenant"
# Levels of JSON nesting that a payload may have: one less than a request's, which holds it.
_MAX_PAYLOAD_DEPTH = 126
_VERSION_SCHEMA = {"type": "integer", "minimum": 0}


Mode = Literal["none", "backward", "forward", "full"]
Status = Literal["active", "deprecated", "archived"]
RepeatedEventType = Annotated[
    str, sent_text("Must be there; the event type of the path counts.", query_name="event_type")
]


class RegisterSchemaRequest(msgspec.Struct, rename="camel"):
    """A schema to register; it is compared with earlier versions only if `compatibility` is stated."""

    tenant_id: uuid.UUID
    event_type: Annotated[str, msgspec.Meta(description="1 to 256 bytes.")]
    schema_json: Annotated[msgspec.Raw, msgspec.Meta(description="A JSON Schema, at most 100 KiB.")]
    description: Annotated[str | None, msgspec.Meta(description="At most 2048 bytes.")] = None
    compatibility: Annotated[
        str | None,
        msgspec.Meta(description="none, backward, forward or full; left out: backward, unchecked."),
    ] = None


class RegisterSchemaResponse(msgspec.Struct, rename="camel"):
    """The schema is registered."""

    id: uuid.UUID
    event_type: str
    version: int
    created_at: str


class Schema(msgspec.Struct, rename="camel"):
    """A registered schema; `schemaJson` is the text received."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    event_type: str
    version: int
    schema_json: msgspec.Raw
    status: Status
    compatibility: Mode
    description: str | None
    created_at: str
    updated_at: str
    created_by: str | None


class SchemaList(msgspec.Struct, omit_defaults=True):
    """Schemas, newest version first; `has_more` when they are as many or as large as an answer may be."""

    schemas: list[Schema]
    count: int
    has_more: bool = False


class SchemaVersion(msgspec.Struct):
    """One version."""

    schema: Schema


class SchemaVersions(msgspec.Struct, omit_defaults=True):
    """All versions (`schemas`, `count`, `has_more`), or the one asked for (`schema`)."""

    schemas: list[Schema] | None = None
    count: int | None = None
    has_more: bool | None = None
    schema: Schema | None = None


class StatusRequest(msgspec.Struct):
    """The new status: active, deprecated or archived."""

    status: str


class StatusResponse(msgspec.Struct):
    """The status is changed, in every process."""

    success: bool
    schema_id: uuid.UUID
    new_status: str


class DeletedSchema(msgspec.Struct):
    """The schema is gone, in every process."""

    success: bool
    deleted_schema_id: uuid.UUID


class ValidateRequest(msgspec.Struct, rename="camel"):
    """A payload to check against the newest active schema, or against a version of any status."""

    tenant_id: uuid.UUID
    event_type: str
    payload: msgspec.Raw
    schema_version: int | None = None


class ValidateResponse(msgspec.Struct, rename="camel"):
    """The violations of the schema, at most five; nulls if there is no schema."""

    valid: bool
    schema_id: uuid.UUID | None
    schema_version: int | None
    errors: list[Violation]


class SchemasOfTenant(Parameters, kw_only=True, frozen=True):
    """The schemas of one tenant."""

    tenant_id: SchemaTenantId


class SchemaById(Parameters, kw_only=True, frozen=True):
    """One schema."""

    schema_id: SchemaId


class SetStatus(SchemaById, kw_only=True, frozen=True):
    """One schema and its new status."""

    body: StatusRequest


class SchemaVersionsOf(Parameters, kw_only=True, frozen=True):
    """The versions of an event type's schema, or one of them."""

    event_type: EventType
    tenant_id: SchemaTenantId
    version: Annotated[int | None, number("Only this version.", U32_MAX, schema=_VERSION_SCHEMA)] = None


class LatestSchemaOf(Parameters, kw_only=True, frozen=True):
    """The newest active schema of an event type. The original demands the event type in the query too."""

    event_type: EventType
    tenant_id: SchemaTenantId
    repeated: RepeatedEventType


@operation(
    permission=in_tenant("write"),
    errors=("invalid_schema", "schema_incompatible", "schema_too_large", "invalid_field"),
    body_bytes=LARGE_BODY_BYTES,
)
async def register_schema(context: Context, given: RegisterSchemaRequest) -> RegisterSchemaResponse:
    """Register the next version of an event type's JSON Schema.

    Its version is the highest of the event type plus one.
    """
    _require_text(given.event_type, "eventType", 1, EVENT_TYPE_BYTES)
    if given.description is not None:
        _require_text(given.description, "description", 0, _DESCRIPTION_BYTES)
    if given.compatibility is not None and given.compatibility not in MODES:
        raise invalid("compatibility", f"must be one of {', '.join(MODES)}")
    new = NewSchema(
        tenant_id=context.tenant_id,
        event_type=given.event_type,
        text=_schema_text(bytes(given.schema_json)),
        description=given.description,
        compatibility=given.compatibility,
    )
    stored = await context.services.schemas.register(new, context.audit)
    created_at = micros_text(micros(stored.created_at))
    return RegisterSchemaResponse(stored.schema_id, given.event_type, stored.version, created_at)


@operation(permission=in_tenant("read"))
async def list_schemas(context: Context, _: SchemasOfTenant) -> SchemaList:
    """List a tenant's schemas by event type, newest version first; at most 1000 and 16 MiB.

    `has_more` tells that others may exist; those of one event type are listed apart.
    """
    return await _list(context, await aio.list_schemas(context.database, tenant_id=context.tenant_id))


@operation(permission=where_found("read", _TENANT), errors=("schema_not_found",))
async def get_schema(context: Context, given: SchemaById) -> Schema:
    """Get one schema."""
    return _schema(await _found(context, given))


@operation(permission=where_found("write", _TENANT), errors=("schema_not_found", "invalid_field"))
async def set_schema_status(context: Context, given: SetStatus) -> StatusResponse:
    """Make a schema active, deprecated or archived; it holds at once in every process.

    Any status may follow any.
    """
    status = given.body.status
    stored = await _found(context, given)
    if status not in _STATUSES:
        raise invalid("status", f"must be one of {', '.join(_STATUSES)}")
    await aio.set_schema_status(
        context.database,
        tenant_id=stored.tenant_id,
        schema_id=stored.schema_id,
        status=status,
        context=context.audit,
    )
    return StatusResponse(success=True, schema_id=stored.schema_id, new_status=status)


@operation(permission=where_found("admin", _TENANT), errors=("schema_not_found",))
async def delete_schema(context: Context, given: SchemaById) -> DeletedSchema:
    """Delete a schema; it holds at once in every process.

    Stored events stay as they are.
    """
    stored = await _found(context, given)
    await aio.delete_schema(
        context.database, tenant_id=stored.tenant_id, schema_id=stored.schema_id, context=context.audit
    )
    return DeletedSchema(success=True, deleted_schema_id=stored.schema_id)


@operation(permission=in_tenant("read"), output=SchemaVersions, errors=("schema_not_found",))
async def list_schema_versions(context: Context, given: SchemaVersionsOf) -> SchemaList | SchemaVersion:
    """List the versions of an event type's schema, newest first, or get one of them.

    With `has_more` older ones may exist; each is answered by its `version`.
    """
    version = _NONE_HAS if (given.version or 0) > _MAX_VERSION else given.version
    found = await aio.list_schema_versions(
        context.database, tenant_id=context.tenant_id, event_type=given.event_type, version=version
    )
    if given.version is None:
        return await _list(context, found)
    return SchemaVersion(_schema(only(found, "schema_not_found")))


@operation(permission=in_tenant("read"), errors=("schema_not_found",))
async def get_latest_schema(context: Context, given: LatestSchemaOf) -> Schema:
    """Get the newest active schema of an event type, the one that ingest checks."""
    found = await aio.get_latest_schema(
        context.database, tenant_id=context.tenant_id, event_type=given.event_type
    )
    return _schema(only(found, "schema_not_found"))


@operation(permission=in_tenant("read"), errors=("schema_not_found",), body_bytes=LARGE_BODY_BYTES)
async def validate_payload(context: Context, given: ValidateRequest) -> ValidateResponse:
    """Check a payload against a schema without sending an event; an invalid payload is still a 200.

    Without a schema every payload is valid.
    """
    if "\0" in given.event_type:
        raise invalid("eventType", "must be without NUL")
    payload = _text(bytes(given.payload)).encode()
    if await context.offload(len(payload), is_deeper, payload, _MAX_PAYLOAD_DEPTH):
        raise ApiError("malformed_json", "not acceptable JSON: nested too deeply")
    stored = await _validating_schema(context, given)
    if stored is None:
        return ValidateResponse(valid=True, schema_id=None, schema_version=None, errors=[])
    errors = await context.services.schemas.violations(stored, payload)
    return ValidateResponse(not errors, stored.schema_id, stored.version, errors)


async def _validating_schema(context: Context, given: ValidateRequest) -> EventSchema | None:
    """The version asked for (of any status), else the newest active one, else None."""
    tenant_id, event_type, version = context.tenant_id, given.event_type, given.schema_version
    if version is None:
        latest = await aio.get_latest_schema(context.database, tenant_id=tenant_id, event_type=event_type)
        return latest[0] if latest else None
    found: list[EventSchema] = []
    if 1 <= version <= _MAX_VERSION:
        found = await aio.list_schema_versions(
            context.database, tenant_id=tenant_id, event_type=event_type, version=version
        )
    return only(found, "schema_not_found")


async def _found(context: Context, given: SchemaById) -> EventSchema:
    """A schema of the caller's tenant."""
    rows = await aio.get_schema(context.database, tenant_id=context.tenant_id, schema_id=given.schema_id)
    return only(rows, "schema_not_found", given.schema_id)


async def _list(context: Context, found: Sequence[EventSchema]) -> SchemaList:
    """The list of stored schemas. The engine cuts behind the one whose text passes `_LIST_BYTES`."""
    size = sum(len(stored.schema_json.encode()) for stored in found)
    has_more = len(found) >= _LIST_SCHEMAS or size >= _LIST_BYTES
    return SchemaList(await context.each(_schema, found), len(found), has_more)


def _schema(stored: EventSchema) -> Schema:
    """A stored schema as the operations show it."""
    return answer(
        Schema,
        stored,
        id=stored.schema_id,
        schema_json=msgspec.Raw(stored.schema_json.encode()),
        created_at=micros_text(micros(stored.created_at)),
        updated_at=micros_text(micros(stored.updated_at)),
    )


def _schema_text(raw: bytes) -> str:
    """The schema as received; only a text that is too long is stripped of its white space."""
    text = _text(raw)
    if MAX_SCHEMA_BYTES < len(raw) <= _FORMATTED_BYTES:
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
        raise invalid(field, f"must be {least} to {most} bytes without NUL")
