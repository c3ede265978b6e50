"""What a payment declares about its resource becomes an entry, or nothing; never an error."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from ves_api.x402.discovery import read_listing, told
from ves_api.x402.messages import FacilitatorRequest

TERMS = {
    "scheme": "exact",
    "network": "eip155:84532",
    "asset": "0x" + "11" * 20,
    "amount": "10000",
    "payTo": "0x" + "22" * 20,
    "maxTimeoutSeconds": 60,
    "extra": {"name": "TestUSD", "version": "2"},
}
INFO = {"input": {"type": "http", "method": "get"}, "output": {"type": "json", "example": {"a": 1}}}


def second() -> dict[str, Any]:
    return {
        "resource": {"url": "https://Shop.example/a/b?key=secret#part", "description": "Words"},
        "extensions": {"bazaar": {"info": copy.deepcopy(INFO), "schema": {}}},
        "payload": {"signature": "0x12"},
    }


def first() -> dict[str, Any]:
    return {
        **TERMS,
        "resource": "https://shop.example/a",
        "description": "Words",
        "outputSchema": copy.deepcopy(INFO),
    }


def item_of(version: int, payload: dict[str, Any], required: dict[str, Any]) -> dict[str, Any] | None:
    listing = read_listing(FacilitatorRequest(version, payload, required))
    if listing is None:
        return None
    found: dict[str, Any] = json.loads(listing.item)
    assert found["resource"] == listing.resource
    assert listing.resource.startswith(listing.origin)
    assert told(listing.item, "now").last_updated == "now"
    return found


def test_an_entry_of_version_2_holds_the_declaration_and_nothing_else_of_the_payment() -> None:
    payload = second()
    payload["extensions"]["payment-identifier"] = {"info": {"id": "secret_of_the_payer"}}
    assert item_of(2, payload, {**TERMS, "more": "secret"}) == {
        "resource": "https://shop.example/a/b",
        "type": "http",
        "x402Version": 2,
        "accepts": [TERMS],
        "description": "Words",
        "extensions": {"bazaar": {"info": INFO, "schema": {}}},
    }


def test_an_entry_of_version_1_holds_the_terms_with_their_schema() -> None:
    required = first()
    assert item_of(1, {"payload": {}}, required) == {
        "resource": "https://shop.example/a",
        "type": "http",
        "x402Version": 1,
        "accepts": [{name: value for name, value in required.items() if name != "amount"}],
        "description": "Words",
    }


@pytest.mark.parametrize(
    ("template", "resource"),
    [
        ("/a/:id", "https://shop.example/a/:id"),
        ("/../x", "https://shop.example/a/b"),
        ("//evil.example", "https://shop.example/a/b"),
        ("/%2e%2e", "https://shop.example/a/b"),
        (7, "https://shop.example/a/b"),
    ],
)
def test_a_route_template_takes_the_place_of_the_path(template: Any, resource: str) -> None:
    payload = second()
    payload["extensions"]["bazaar"]["routeTemplate"] = template
    item = item_of(2, payload, TERMS)
    assert item is not None
    assert item["resource"] == resource


DEEP: list[Any] = []
for _ in range(500):
    DEEP = [DEEP]

UNLISTED: list[tuple[tuple[str, ...], Any]] = [
    (("extensions",), None),
    (("extensions",), []),
    (("extensions", "bazaar"), True),
    (("extensions", "bazaar", "info"), "x"),
    (("extensions", "bazaar", "info", "input"), None),
    (("extensions", "bazaar", "info", "input", "method"), "TRACE"),
    (("extensions", "bazaar", "info", "input", "method"), ["GET"]),
    (("extensions", "bazaar", "info", "input", "type"), "mcp"),
    (("extensions", "bazaar", "info", "input", "discoverable"), False),
    (("extensions", "bazaar", "schema"), "x" * 9000),
    (("extensions", "bazaar", "schema"), DEEP),
    (("resource",), None),
    (("resource",), "https://shop.example/a"),
    (("resource", "url"), 7),
    (("resource", "url"), "javascript:alert(1)"),
    (("resource", "url"), "https://user@shop.example/"),
    (("resource", "url"), "https://shop.example/\0"),
    (("resource", "url"), "https://shop.example/" + "a" * 2048),
]


@pytest.mark.parametrize(("path", "value"), UNLISTED, ids=range(len(UNLISTED)))
def test_what_is_not_declared_or_malformed_is_not_listed(path: tuple[str, ...], value: Any) -> None:
    payload = second()
    at = payload
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    assert item_of(2, payload, TERMS) is None


@pytest.mark.parametrize("value", [None, [], {"input": {"type": "http"}}, {"input": "x"}])
def test_version_1_without_a_schema_of_a_call_is_not_listed(value: Any) -> None:
    assert item_of(1, {}, {**first(), "outputSchema": value}) is None


def test_texts_beyond_their_lengths_are_left_out() -> None:
    payload = second()
    payload["resource"] |= {
        "description": "x" * 501,
        "mimeType": "text/plain\n",
        "serviceName": "n" * 33,
        "tags": ["good", 7, "\0", *"abcdef"],
        "iconUrl": "file:///etc/passwd",
    }
    item = item_of(2, payload, TERMS)
    assert item is not None
    assert set(item) == {"resource", "type", "x402Version", "accepts", "tags", "extensions"}
    assert item["tags"] == ["good", "a", "b", "c", "d"]


def test_a_nul_within_the_declaration_is_kept_as_json_writes_it() -> None:
    payload = second()
    payload["extensions"]["bazaar"]["info"]["output"]["example"] = "\0"
    listing = read_listing(FacilitatorRequest(2, payload, TERMS))
    assert listing is not None
    assert "\0" not in listing.item
    assert told(listing.item, "").extensions == payload["extensions"]
