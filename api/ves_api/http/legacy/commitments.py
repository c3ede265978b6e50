"""`/api/v1/commitments` (http-api 4.1-4.3, VES 17.3)."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.response.base import ASGIResponse

from ves.codec import I64_MAX
from ves_api.errors import ApiError
from ves_api.gateway import legacy as gateway
from ves_api.http.decode import Query, path_uuid, read_struct
from ves_api.http.docs.operation import BATCH_PATH, STORE, TENANT, Operation, operation_opt
from ves_api.http.encode import answer
from ves_api.http.legacy.reads import require_stream
from ves_api.http.legacy.wire import (
    LegacyCommitmentCreated,
    LegacyCommitmentDetail,
    LegacyCommitmentList,
    created,
    detail,
    listed,
)
from ves_api.operations.commitments import CommitmentRequest
from ves_api.services import identify, services_of

_TAG = "Legacy"
_request_decoder = msgspec.json.Decoder(CommitmentRequest)

_CREATE = Operation(
    summary="Commit a range of legacy events; a start that is committed already is refused",
    tag=_TAG,
    needs="write, and the stream in scope",
    request=CommitmentRequest,
    response=LegacyCommitmentCreated,
    errors=(
        "range_is_empty",
        "range_is_committed",
        "range_must_follow",
        "range_has_no_events",
        "range_too_large",
    ),
)
_LIST = Operation(
    summary="List the commitments of a legacy stream that are not on a chain yet",
    tag=_TAG,
    needs="read, and the stream in scope",
    response=LegacyCommitmentList,
    parameters=(TENANT, STORE),
)
_GET = Operation(
    summary="Get one legacy commitment, hashes as arrays of numbers",
    tag=_TAG,
    needs="read, and its stream in scope",
    response=LegacyCommitmentDetail,
    parameters=(BATCH_PATH,),
    errors=("commitment_not_found",),
)


@post("/api/v1/commitments", opt=operation_opt(_CREATE))
async def create_legacy_commitment(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Commit a range."""
    identity = await identify(request)
    wanted = await read_struct(request, _request_decoder)
    identity.require("write")
    identity.require_scope(wanted.tenant_id, wanted.store_id)
    first, last = min(wanted.sequence_start, I64_MAX), min(wanted.sequence_end, I64_MAX)
    database = services_of(request).database
    made = await gateway.create_commitment(database, wanted.tenant_id, wanted.store_id, first, last)
    return answer(created(made))


@get("/api/v1/commitments", opt=operation_opt(_LIST))
async def list_legacy_commitments(request: Request[Any, Any, Any]) -> ASGIResponse:
    """List what is not anchored."""
    tenant_id, store_id = await require_stream(request, Query(request))
    found = await gateway.list_commitments(services_of(request).database, tenant_id, store_id)
    return answer(LegacyCommitmentList([listed(c) for c in found], len(found)))


@get("/api/v1/commitments/{batch_id:str}", opt=operation_opt(_GET))
async def get_legacy_commitment(request: Request[Any, Any, Any], batch_id: str) -> ASGIResponse:
    """Get one, searched in the caller's tenant."""
    identity = await identify(request)
    identity.require("read")
    wanted = path_uuid(batch_id, "batch_id")
    found = await gateway.get_commitment(services_of(request).reads, identity.search_tenant, wanted)
    if found is None:
        raise ApiError("commitment_not_found", resource_id=str(wanted))
    identity.require_scope(found.tenant_id, found.store_id)
    return answer(detail(found))


ROUTES = [create_legacy_commitment, list_legacy_commitments, get_legacy_commitment]
