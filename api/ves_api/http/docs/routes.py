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


def documents(app: Litestar) -> tuple[bytes, bytes]:
    """The OpenAPI document and its page, made once: rendering the page takes 16 ms, and anyone may ask for it."""
    if "documents" not in app.state:
        document = build(app.routes)
        app.state.documents = (msgspec.json.encode(document), render(document).encode())
    made: tuple[bytes, bytes] = app.state.documents
    return made


@get("/api/openapi.json", sync_to_thread=False)
def get_openapi(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The OpenAPI document."""
    return ASGIResponse(body=documents(request.app)[0], media_type="application/json")


@get("/api/docs", sync_to_thread=False)
def get_docs(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The document as a page."""
    return ASGIResponse(
        body=documents(request.app)[1],
        media_type="text/html",
        headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )


ROUTES = [get_openapi, get_docs]
