"""`POST /api/v1/ves/events/ingest` (http-api 2.2, VES 14)."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.response.base import ASGIResponse

from ves_api.errors import ApiError
from ves_api.http.decode import read_body
from ves_api.http.docs.operation import Operation, operation_opt
from ves_api.http.ingest.service import IngestService
from ves_api.http.ingest.wire import IngestRequest, IngestResponse
from ves_api.services import Caller, admit, charge_again, services_of

_FORBIDDEN = 403
_INGEST = Operation(
    summary="Append signed events to a stream; refused events are listed in the answer, not as an error",
    tag="Events",
    needs="write, the stream in scope, and the agent if the credential is bound to one",
    request=IngestRequest,
    response=IngestResponse,
    errors=(
        "empty_batch",
        "mixed_streams",
        "source_agent_mismatch",
        "batch_too_large",
        "payload_too_large",
        "invalid_field",
        "missing_field",
        "agent_mismatch",
    ),
)


@post("/api/v1/ves/events/ingest", opt=operation_opt(_INGEST))
async def ingest_events(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Append a batch; an exact repeat answers the same receipts."""
    caller = await admit(request, cached=True)
    body = await read_body(request)
    ingest: IngestService = request.app.state.ingest
    request_id = request.scope["state"]["request_id"]
    try:
        response = await ingest.ingest(request_id, caller, body)
    except ApiError as error:
        if error.status != _FORBIDDEN:
            raise
        # The cached identity may be older than a change that allows this.
        services = services_of(request)
        fresh = Caller(caller.credential, await services.authenticator.identify(caller.credential))
        if fresh.identity == caller.identity:
            raise
        await charge_again(services, caller.identity, fresh)
        response = await ingest.ingest(request_id, fresh, body)
    return ASGIResponse(body=response, media_type="application/json")


ROUTES = [ingest_events]
