"""Projections: current state of entities, made from the log (operations 5): snake_case."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from ves_api.auth.permission import in_stream
from ves_api.operations.answers import answer
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import EntityId, EntityType, Limit, Stream, text, word
from ves_edge.gen import aio

if TYPE_CHECKING:
    from ves_edge.gen.records import Projection

operation = Area("Projections").operation
_MAX_PAGE = 1000
LogStream = Annotated[str, word("Stream whose events made the state.", ("ves", "legacy"))]


class ProjectedStream(Stream, kw_only=True, frozen=True):
    """One of the two streams of a store."""

    stream: LogStream = "ves"


class ProjectionById(ProjectedStream, kw_only=True, frozen=True):
    """One entity."""

    entity_type: EntityType
    entity_id: EntityId


class ProjectionPage(ProjectedStream, kw_only=True, frozen=True):
    """A page of the entities of one type."""

    entity_type: EntityType
    after: Annotated[str, text("Only entities with a greater id.")] = ""
    limit: Limit = 100


class ProjectedEntity(msgspec.Struct):
    """State of an entity after the event `sequence_number`.

    It reflects every event of the entity up to `projected_to`.
    """

    entity_type: str
    entity_id: str
    stream: str
    version: int
    sequence_number: int
    projected_to: int
    entity: Any


class ProjectionList(msgspec.Struct):
    """Entities of one type, by id; the next page starts after the last id."""

    projections: list[ProjectedEntity]
    count: int


class ProjectionCheckpoint(msgspec.Struct):
    """How far a projector has come in a stream; a row that is not live is a rebuild."""

    stream: str
    projector: str
    is_live: bool
    last_projected_sequence: int
    head_sequence: int
    updated_at: str


class ProjectionStatus(msgspec.Struct):
    """Checkpoints of a store's streams."""

    checkpoints: list[ProjectionCheckpoint]


@operation(permission=in_stream("read"), errors=("projection_not_found",))
async def get_projection(context: Context, given: ProjectionById) -> ProjectedEntity:
    """Get the current state of an order, inventory, product, customer or return."""
    found = await aio.get_projection(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        entity_type=given.entity_type,
        entity_id=given.entity_id,
        stream=given.stream,
    )
    return _entity(found)


@operation(permission=in_stream("read"))
async def list_projections(context: Context, given: ProjectionPage) -> ProjectionList:
    """List the entities of one type by id, at most 1,000 and 4 MiB (at least one)."""
    found = await aio.list_projections(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        entity_type=given.entity_type,
        stream=given.stream,
        after=given.after,
        max_rows=min(given.limit or 100, _MAX_PAGE),
    )
    return ProjectionList(await context.each(_entity, found), len(found))


@operation(permission=in_stream("read"))
async def list_projection_checkpoints(context: Context, given: Stream) -> ProjectionStatus:
    """List how far the projectors have come in the streams of a store."""
    found = await aio.list_projection_checkpoints(
        context.database, tenant_id=context.tenant_id, store_id=given.store_id
    )
    return ProjectionStatus(await context.each(partial(answer, ProjectionCheckpoint), found))


def _entity(row: Projection) -> ProjectedEntity:
    return answer(ProjectedEntity, row)
