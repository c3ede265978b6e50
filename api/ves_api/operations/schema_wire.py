"""Bodies of the schema operations (http-api 8): camelCase, but for two members of status and deletion."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

import msgspec

from ves.schemas.compiled import Violation

Mode = Literal["none", "backward", "forward", "full"]
Status = Literal["active", "deprecated", "archived"]


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


class SchemaList(msgspec.Struct):
    """Schemas, newest version first."""

    schemas: list[Schema]
    count: int


class SchemaVersion(msgspec.Struct):
    """One version."""

    schema: Schema


class SchemaVersions(msgspec.Struct, omit_defaults=True):
    """All versions (`schemas`, `count`), or the one asked for (`schema`)."""

    schemas: list[Schema] | None = None
    count: int | None = None
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
    """What is wrong with the payload, at most five mistakes; nulls: there is no schema."""

    valid: bool
    schema_id: uuid.UUID | None
    schema_version: int | None
    errors: list[Violation]
