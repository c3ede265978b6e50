"""The document describes the routes that are served, and its page needs nothing from elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from litestar import Litestar

from ves_api.app import ROUTES
from ves_api.http.docs.routes import documents

if TYPE_CHECKING:
    import httpx

UNDOCUMENTED = {"/api/openapi.json", "/api/docs"}


@pytest.fixture
def document(admin: httpx.Client) -> dict[str, Any]:
    body: dict[str, Any] = admin.get("/api/openapi.json").json()
    return body


def test_every_route_is_in_the_document_and_the_other_way_round(document: dict[str, Any]) -> None:
    served = set()
    for handler in ROUTES:
        for path in handler.paths:
            if path not in UNDOCUMENTED:
                template = re.sub(r"\{(\w+):\w+\}", r"{\1}", path)
                served |= {
                    (template, str(method).rsplit(".", maxsplit=1)[-1].lower())
                    for method in handler.http_methods
                }
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert described == served


def test_every_reference_of_the_document_resolves(document: dict[str, Any]) -> None:
    names = set(document["components"]["schemas"])
    references = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert references <= names


def test_every_operation_has_an_id_a_summary_and_the_error_shape(document: dict[str, Any]) -> None:
    ids = []
    for methods in document["paths"].values():
        for operation in methods.values():
            ids.append(operation["operationId"])
            assert operation["summary"]
            schema = operation["responses"]["500"]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorBody"}
    assert len(set(ids)) == len(ids)


def test_path_parameters_are_described(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))


def test_the_documented_names_are_those_on_the_wire(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert set(schemas["IngestRequest"]["properties"]) == {"agentId", "events"}
    assert {"batchId", "sequenceStart", "headSequence"} <= set(schemas["IngestResponse"]["properties"])
    assert {"sequencerId", "receiptHash"} <= set(schemas["Receipt"]["properties"])
    assert set(schemas["Rejection"]["properties"]) == {"event_id", "reason", "message"}


def test_the_page_lists_every_operation_and_loads_nothing_from_elsewhere(
    admin: httpx.Client, document: dict[str, Any]
) -> None:
    answer = admin.get("/api/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for path in document["paths"]:
        assert f"<code>{path}</code>" in answer.text
    assert "<script" not in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text


def test_document_and_page_need_no_credential(server: Any) -> None:
    with server.client(key=None) as anyone:
        assert anyone.get("/api/openapi.json").status_code == 200
        assert anyone.get("/api/docs").status_code == 200


def test_document_and_page_are_made_once() -> None:
    application = Litestar(ROUTES, openapi_config=None, logging_config=None)
    first = documents(application)
    assert all(again is made for again, made in zip(documents(application), first, strict=True))
