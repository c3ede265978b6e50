"""Paid resources that are listed for buyers: read from a payment, and told as stock clients expect them (x402 B5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from ves import json_decode

if TYPE_CHECKING:
    from ves_api.x402.messages import FacilitatorRequest

BAZAAR = "bazaar"
_MOST_URL, _MOST_ITEM = 2048, 8192
_URL = re.compile(r"(?i:(https?://[a-z0-9.:-]{1,255}))(/[!\"$->@-~]*)?(?:[?#].*)?", re.DOTALL)
_TEMPLATE = re.compile(r"(?:/[A-Za-z0-9_:.~-]+)+/?")
_METHODS = {"GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"}
_PRINTABLE = re.compile(r"[ -~]{1,32}")
_ICON = re.compile(r"https?://[!-~]{1,2040}")
_TEXT = re.compile(r"[^\0-\x1f\x7f]{1,500}")
_TERMS = {
    1: "scheme network maxAmountRequired resource description mimeType outputSchema payTo maxTimeoutSeconds asset extra",
    2: "scheme network asset amount payTo maxTimeoutSeconds extra",
}
_MOST_TAGS = 5
# Readers of JSON give up at some hundreds of levels; an entry that one of them could not read would hide every other.
_MOST_LEVELS = 32


class ListedResource(msgspec.Struct, rename="camel", omit_defaults=True):
    """A paid resource: its URL, its terms as of the latest payment, and how it is called (`extensions.bazaar`).

    Of version 1, `accepts` carries that as `outputSchema`.
    """

    resource: str
    type: str
    x402_version: int
    accepts: list[dict[str, Any]]
    last_updated: str = ""
    description: str | None = None
    mime_type: str | None = None
    service_name: str | None = None
    tags: list[str] | None = None
    icon_url: str | None = None
    extensions: dict[str, Any] | None = None


class Pagination(msgspec.Struct):
    """The page, and how many resources pass the filters."""

    limit: int
    offset: int
    total: int


class ResourceList(msgspec.Struct, rename="camel"):
    """Paid resources, those paid last first."""

    x402_version: int
    items: list[ListedResource]
    pagination: Pagination


@dataclass(frozen=True, slots=True)
class Listing:
    """An entry of the list; `item` is its JSON without lastUpdated."""

    origin: str
    resource: str
    method: str
    item: str


def read_listing(given: FacilitatorRequest) -> Listing | None:
    """The entry that a valid request declares: `extensions.bazaar` (version 2) or `outputSchema` (version 1).

    None where nothing is declared, or it is malformed, larger than 8 KiB or of more than 32 levels: it only describes a payment.
    """
    required = given.payment_requirements
    extensions: dict[str, Any] | None = None
    template = None
    if given.x402_version == 1:
        described, info = required, required.get("outputSchema")
    else:
        described = _object(given.payment_payload.get("resource"))
        declared = _object(_object(given.payment_payload.get("extensions")).get(BAZAAR))
        info, template = declared.get("info"), declared.get("routeTemplate")
        extensions = {BAZAAR: declared}
    call = _object(_object(info).get("input"))
    method = _matching(call.get("method"), re.compile("[A-Za-z]{3,6}"))
    url = _matching(described.get("url" if given.x402_version != 1 else "resource"), _URL)
    if url is None or method is None or method.upper() not in _METHODS:
        return None
    if call.get("type") != "http" or call.get("discoverable", True) is not True:
        return None
    origin, resource = _location(url, template)
    item = ListedResource(
        resource,
        "http",
        given.x402_version,
        [{name: required[name] for name in _TERMS[given.x402_version].split() if name in required}],
        description=_matching(described.get("description"), _TEXT),
        mime_type=_matching(described.get("mimeType"), _PRINTABLE),
        extensions=extensions,
    )
    if given.x402_version != 1:
        item.service_name = _matching(described.get("serviceName"), _PRINTABLE)
        item.icon_url = _matching(described.get("iconUrl"), _ICON)
        tags = described.get("tags")
        found = [tag for tag in tags if _matching(tag, _PRINTABLE)] if isinstance(tags, list) else []
        item.tags = found[:_MOST_TAGS] or None
    if not (_is_shallow(item.accepts) and _is_shallow(extensions)):
        return None
    encoded = msgspec.json.encode(item)
    if len(encoded) > _MOST_ITEM or len(resource) > _MOST_URL:
        return None
    return Listing(origin, resource, method.upper(), encoded.decode())


def told(item: str, last_updated: str) -> ListedResource:
    """A stored entry as the list tells it."""
    found = json_decode.decode(item, type=ListedResource)
    found.last_updated = last_updated
    return found


def _location(url: str, template: Any) -> tuple[str, str]:
    """Origin and URL without query and fragment; a route template takes the place of the path."""
    parts = _URL.fullmatch(url)
    assert parts is not None  # noqa: S101 - `read_listing` has matched it
    origin, path = parts[1].lower(), parts[2] or ""
    route = _matching(template, _TEMPLATE)
    if route is not None and ".." not in route:
        path = route
    return origin, origin + path


def _is_shallow(value: Any, levels: int = _MOST_LEVELS) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_is_shallow(member, levels - 1) for member in inner)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _matching(value: Any, pattern: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None
