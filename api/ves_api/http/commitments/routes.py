"""`/api/v1/ves/commitments` (http-api 5, VES 10)."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.response.base import ASGIResponse

from ves.codec import I64_MAX
from ves_api.errors import ApiError
from ves_api.gateway import commitments as gateway
from ves_api.http.commitments.wire import (
    CommitmentDetail,
    CommitmentFields,
    CommitmentList,
    CommitmentRequest,
    detail,
    fields_of,
    listed,
)
from ves_api.http.decode import Query, path_uuid, read_struct
from ves_api.http.docs.operation import BATCH_PATH, STORE, TENANT, Operation, operation_opt
from ves_api.http.encode import answer
from ves_api.services import identify, services_of

_TAG = "Commitments"
_request_decoder = msgspec.json.Decoder(CommitmentRequest)

_CREATE = Operation(
    summary="Commit a range of events; the same range again answers the stored commitment",
    tag=_TAG,
    needs="write, and the stream in scope",
    request=CommitmentRequest,
    response=CommitmentFields,
    errors=(
        "range_is_empty",
        "commitment_exists",
        "range_must_follow",
        "range_has_no_events",
        "range_too_large",
    ),
)
_LIST = Operation(
    summary="List the commitments of a stream that are not on a chain yet",
    tag=_TAG,
    needs="read, and the stream in scope",
    response=CommitmentList,
    parameters=(TENANT, STORE),
)
_GET = Operation(
    summary="Get one commitment",
    tag=_TAG,
    needs="read, and its stream in scope",
    response=CommitmentDetail,
    parameters=(BATCH_PATH,),
    errors=("commitment_not_found",),
)


@post("/api/v1/ves/commitments", opt=operation_opt(_CREATE))
async def create_commitment(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Commit a range."""
    identity = await identify(request)
    wanted = await read_struct(request, _request_decoder)
    identity.require("write")
    identity.require_scope(wanted.tenant_id, wanted.store_id)
    commitment = await gateway.create_commitment(
        services_of(request).database,
        wanted.tenant_id,
        wanted.store_id,
        min(wanted.sequence_start, I64_MAX),
        min(wanted.sequence_end, I64_MAX),
    )
    return answer(CommitmentFields(**fields_of(commitment)))


@get("/api/v1/ves/commitments", opt=operation_opt(_LIST))
async def list_commitments(request: Request[Any, Any, Any]) -> ASGIResponse:
    """List what is not anchored."""
    identity = await identify(request)
    query = Query(request)
    tenant_id, store_id = query.required_uuid("tenant_id"), query.required_uuid("store_id")
    identity.require("read")
    identity.require_scope(tenant_id, store_id)
    found = await gateway.list_commitments(services_of(request).database, tenant_id, store_id)
    return answer(CommitmentList([listed(c) for c in found], len(found)))


@get("/api/v1/ves/commitments/{batch_id:str}", opt=operation_opt(_GET))
async def get_commitment(request: Request[Any, Any, Any], batch_id: str) -> ASGIResponse:
    """Get one; searched in the caller's tenant, so that other tenants' ids are not told apart from unknown ones."""
    identity = await identify(request)
    wanted = path_uuid(batch_id, "batch_id")
    identity.require("read")
    commitment = await gateway.get_commitment(services_of(request).reads, identity.search_tenant, wanted)
    if commitment is None:
        raise ApiError("commitment_not_found", resource_id=str(wanted))
    identity.require_scope(commitment.tenant_id, commitment.store_id)
    return answer(detail(commitment))


ROUTES = [create_commitment, list_commitments, get_commitment]
