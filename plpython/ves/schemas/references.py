"""Following `$ref` inside one schema document. Nothing is ever fetched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import jsonschema_rs

from ves.errors import RequestRefused

JsonObject = dict[str, Any]

# The base of a relative `$id`.
_NOWHERE = "http://schema.invalid/"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
# Keywords that depend on the dynamic scope: their cost cannot be bounded in advance.
_DYNAMIC = ("$dynamicRef", "$recursiveRef")


def children(value: object) -> Iterable[Any]:
    """The values directly below an object or array; none below any other value."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def resolved(base: str, reference: str) -> str | None:
    """The absolute URI of a reference without its fragment, in normal form (RFC 3986 5.2, 6.2); None if it is invalid."""
    try:
        parts = urlsplit(urljoin(base, reference))
        port = parts.port
    except ValueError:
        return None
    host = parts.netloc.lower()
    if port == _DEFAULT_PORTS.get(parts.scheme):
        host = host.removesuffix(f":{port}")
    path = _ESCAPE.sub(_normal_escape, parts.path) or ("/" if host else "")
    return urlunsplit((parts.scheme, host, path, parts.query, ""))


def _normal_escape(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    is_unreserved = character.isascii() and (character.isalnum() or character in "-._~")
    return character if is_unreserved else escape[0].upper()


def refused(reason: str, message: str, path: str = "") -> RequestRefused:
    """The refusal of a schema; `path` is a JSON Pointer into it."""
    return RequestRefused("invalid_schema", message, {"reason": reason, "path": path[:256]})


class Document:
    """One schema document and the schemas that its references name."""

    def __init__(self, root: object) -> None:
        self.root = root
        name = root.get("$id", root.get("id", "")) if isinstance(root, dict) else ""
        self._base = resolved(_NOWHERE, name) if isinstance(name, str) else None
        self._draft = {"$schema": root["$schema"]} if isinstance(root, dict) and "$schema" in root else {}
        self._anchors: dict[str, list[object]] | None = None
        # Keyed by id(): this object keeps the document alive.
        self._checked = {id(root)}

    def target(self, schema: JsonObject) -> object | None:
        """Return the target of the `$ref` of a schema; None without one. Raises RequestRefused if unresolvable."""
        for keyword in _DYNAMIC:
            if keyword in schema:
                raise refused("dynamic_reference", f"{keyword} is not supported")
        if schema is not self.root:
            self._require_one_resource(schema)
        reference = schema.get("$ref")
        if reference is None:
            return None
        if not isinstance(reference, str):
            raise refused("reference", "a $ref is not a string")
        local = self.as_fragment(reference)
        if not local.startswith("#"):
            raise refused(
                "remote_reference", "a $ref leaves the schema: only references inside it are followed"
            )
        target = self._find(unquote(local[1:]))
        self._require_schema(target)
        return target

    def as_fragment(self, reference: str) -> str:
        """`#` and the fragment of a reference to this document by any spelling of its URI; another one as it is."""
        base, _, fragment = reference.partition("#")
        is_own = not base or (self._base is not None and resolved(self._base, base) == self._base)
        return f"#{fragment}" if is_own else reference

    def _require_schema(self, target: object) -> None:
        """Refuse a reference to a place that is not a subschema: such a place was not validated."""
        if id(target) in self._checked or isinstance(target, bool):
            return
        if not isinstance(target, dict) or not self._is_schema(target):
            raise refused("reference", "a $ref names something that is no schema")
        self._checked.add(id(target))

    def _is_schema(self, target: JsonObject) -> bool:
        members = {name: value for name, value in target.items() if name != "$schema"}
        try:
            return jsonschema_rs.meta.is_valid(members | self._draft)
        except (jsonschema_rs.ReferencingError, ValueError):
            return False

    @staticmethod
    def _require_one_resource(schema: JsonObject) -> None:
        for keyword in ("$id", "id"):
            value = schema.get(keyword)
            if isinstance(value, str) and not value.startswith("#"):
                raise refused("embedded_resource", f"a subschema must not have an {keyword} of its own")

    def _find(self, fragment: str) -> object:
        if fragment and not fragment.startswith("/"):
            found = self._by_anchor().get(fragment, [])
            if len(found) != 1:
                raise refused("reference", "a $ref names an anchor that does not exist exactly once")
            return found[0]
        place = self.root
        for token in fragment.split("/")[1:]:
            key = token.replace("~1", "/").replace("~0", "~")
            if isinstance(place, dict) and key in place:
                place = place[key]
            elif isinstance(place, list) and key.isdecimal() and int(key) < len(place):
                place = place[int(key)]
            else:
                raise refused("reference", "a $ref names a place that does not exist")
        return place

    def _by_anchor(self) -> dict[str, list[object]]:
        if self._anchors is None:
            self._anchors = {}
            waiting = [self.root]
            while waiting:
                place = waiting.pop()
                if isinstance(place, dict):
                    for name in _anchor_names(place):
                        self._anchors.setdefault(name, []).append(place)
                    waiting += place.values()
                elif isinstance(place, list):
                    waiting += place
        return self._anchors


def _anchor_names(schema: JsonObject) -> set[str]:
    names = {schema.get("$anchor")}
    names |= {
        value[1:]
        for value in (schema.get("$id"), schema.get("id"))
        if isinstance(value, str) and value[:1] == "#"
    }
    return {name for name in names if isinstance(name, str)}
