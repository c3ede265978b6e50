"""`GET /api/openapi.json` and `GET /api/docs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, get
from litestar.response.base import ASGIResponse

from ves_api.http.docs.document import build
from ves_api.http.docs.page import render

if TYPE_CHECKING:
    from litestar import Litestar


_encode = msgspec.json.Encoder().encode


def _document(app: Litestar) -> dict[str, Any]:
    if "openapi" not in app.state:
        app.state.openapi = build(app.routes)
    document: dict[str, Any] = app.state.openapi
    return document


@get("/api/openapi.json", sync_to_thread=False)
def get_openapi(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The OpenAPI document."""
    return ASGIResponse(body=_encode(_document(request.app)), media_type="application/json")


@get("/api/docs", sync_to_thread=False)
def get_docs(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The document as a page."""
    page = render(_document(request.app))
    return ASGIResponse(
        body=page.encode(),
        media_type="text/html",
        headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )


ROUTES = [get_openapi, get_docs]
