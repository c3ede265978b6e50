"""Reads of the legacy stream (http-api 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, get
from litestar.response.base import ASGIResponse

from ves.codec import I64_MAX, U32_MAX, U64_MAX
from ves.prepare import ENTITY_ID_BYTES, ENTITY_TYPE_BYTES
from ves_api.errors import ApiError
from ves_api.gateway import legacy as gateway
from ves_api.http.decode import Query, path_name
from ves_api.http.docs.operation import (
    ENTITY_ID_PATH,
    ENTITY_TYPE_PATH,
    FROM_NUMBER,
    FROM_OFFSET,
    LIMIT,
    STORE,
    TENANT,
    Operation,
    operation_opt,
)
from ves_api.http.encode import answer
from ves_api.http.legacy.wire import EntityHistory, EventList, Head, sequenced
from ves_api.services import identify, services_of

if TYPE_CHECKING:
    import uuid

_TAG = "Legacy"
_NEEDS = "read, and the stream in scope"
_DEFAULT_EVENTS = 100
_MAX_WINDOW = 1000
_MAX_PAGE = 100

_LIST = Operation(
    summary="List the events numbered from `from` to `from + limit - 1`",
    tag=_TAG,
    needs=_NEEDS,
    response=EventList,
    parameters=(TENANT, STORE, FROM_NUMBER, LIMIT),
    errors=("sequence_gap",),
)
_HEAD = Operation(
    summary="Get the highest number of a legacy stream",
    tag=_TAG,
    needs=_NEEDS,
    response=Head,
    parameters=(TENANT, STORE),
)
_HISTORY = Operation(
    summary="Page through the legacy events of one entity",
    tag=_TAG,
    needs=_NEEDS,
    response=EntityHistory,
    parameters=(ENTITY_TYPE_PATH, ENTITY_ID_PATH, TENANT, STORE, FROM_OFFSET, LIMIT),
)


async def require_stream(request: Request[Any, Any, Any], query: Query) -> tuple[uuid.UUID, uuid.UUID]:
    """(tenant, store) of the query, which the caller may read. Raises 400, 401, 403."""
    identity = await identify(request)
    tenant_id, store_id = query.required_uuid("tenant_id"), query.required_uuid("store_id")
    identity.require("read")
    identity.require_scope(tenant_id, store_id)
    return tenant_id, store_id


@get("/api/v1/events", opt=operation_opt(_LIST))
async def list_events(request: Request[Any, Any, Any]) -> ASGIResponse:
    """A window of numbers; it ends `limit - 1` after `from` even when `from` is 0."""
    query = Query(request)
    tenant_id, store_id = await require_stream(request, query)
    first = min(query.number("from", 0, U64_MAX), I64_MAX)
    limit = query.number("limit", _DEFAULT_EVENTS, U32_MAX)
    if limit == 0:
        raise ApiError("invalid_query", "limit must be at least 1", details={"field": "limit"})
    at_rest = services_of(request).at_rest
    events = await gateway.list_events(
        services_of(request).reads, tenant_id, store_id, first, min(limit, _MAX_WINDOW)
    )
    return answer(EventList([sequenced(e, tenant_id, store_id, at_rest) for e in events], len(events)))


@get("/api/v1/head", opt=operation_opt(_HEAD))
async def get_head(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The legacy head; the VES stream has its own numbers."""
    tenant_id, store_id = await require_stream(request, Query(request))
    return answer(Head(await gateway.get_head(services_of(request).database, tenant_id, store_id)))


@get("/api/v1/entities/{entity_type:str}/{entity_id:str}", opt=operation_opt(_HISTORY))
async def get_entity_history(request: Request[Any, Any, Any]) -> ASGIResponse:
    """A page of an entity's legacy events."""
    query = Query(request)
    tenant_id, store_id = await require_stream(request, query)
    entity = (
        path_name(request.scope, -2, "entity_type", ENTITY_TYPE_BYTES),
        path_name(request.scope, -1, "entity_id", ENTITY_ID_BYTES),
    )
    skip = min(query.number("from", 0, U64_MAX), I64_MAX)
    limit = min(query.number("limit", _DEFAULT_EVENTS, U32_MAX) or _DEFAULT_EVENTS, _MAX_PAGE)
    total, events = await gateway.get_entity_history(
        services_of(request).database, (tenant_id, store_id), entity, skip, limit
    )
    return answer(
        EntityHistory(
            entity_type=entity[0],
            entity_id=entity[1],
            events=[sequenced(e, tenant_id, store_id, services_of(request).at_rest) for e in events],
            count=len(events),
            total=total,
            has_more=skip + len(events) < total,
        )
    )


ROUTES = [list_events, get_head, get_entity_history]
