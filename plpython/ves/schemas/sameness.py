"""Equality of parts of two schema documents by precomputed digests: a comparison costs one look-up."""

from __future__ import annotations

from hashlib import sha256

from ves.errors import RequestRefused
from ves.schemas.references import Document, JsonObject, children

# Annotations, which validators ignore; under `const` and `enum` they are data.
_NOT_ASSERTED = ("title", "description", "$comment")
_DATA = ("const", "enum")
_MAX_ROUNDS = 20


class Digests:
    """Digests and lengths of all parts of a document. Annotations are excluded; the spelling of numbers is included."""

    def __init__(self, root: object) -> None:
        # Keyed by id(): this object keeps the document alive, so ids are not reused.
        self._digests: dict[int, bytes] = {}
        self._lengths: dict[int, int] = {}
        self.references: dict[str, JsonObject] = {}
        self.places = 0
        self._walk(root, is_data=False)

    def of(self, value: object) -> bytes:
        """The digest of a part of the document, or of an object made of such parts."""
        known = self._digests.get(id(value))
        return known if known is not None else self._digest(value, is_data=False)

    def length(self, value: object) -> int:
        """Return the approximate length of the JSON text in bytes."""
        if isinstance(value, dict | list):
            known = self._lengths.get(id(value))
            return 2 + sum(map(self.length, children(value))) if known is None else known
        return len(value) if isinstance(value, str) else 8

    def _walk(self, value: object, *, is_data: bool) -> None:
        self.places += 1
        if isinstance(value, dict):
            for name, below in value.items():
                self._walk(below, is_data=is_data or name in _DATA)
            if isinstance(value.get("$ref"), str):
                self.references.setdefault(value["$ref"], value)
        elif isinstance(value, list):
            for below in value:
                self._walk(below, is_data=is_data)
        else:
            return
        self._digests[id(value)] = self._digest(value, is_data=is_data)
        names = sum(map(len, value)) if isinstance(value, dict) else 0
        self._lengths[id(value)] = 2 + names + sum(map(self.length, children(value)))

    def _digest(self, value: object, *, is_data: bool) -> bytes:
        if isinstance(value, dict):
            members = [
                repr(name).encode() + self.of(below)
                for name, below in sorted(value.items())
                if is_data or name not in _NOT_ASSERTED or not isinstance(below, str)
            ]
            return sha256(b"{" + b"".join(members)).digest()
        if isinstance(value, list):
            return sha256(b"[" + b"".join(map(self.of, value))).digest()
        return sha256(repr(value).encode()).digest()


def changed_places(narrow: Document, known: Digests, wide: Document, digests: Digests) -> set[int]:
    """Return ids of the parts of `wide` with a `$ref` whose text resolves to a different target in `narrow`.

    Targets differ directly or through their own references.
    """
    targets = {text: _target(wide, text) for text in digests.references}
    changed = {
        text for text, target in targets.items() if known.of(_target(narrow, text)) != digests.of(target)
    }
    for _ in range(_MAX_ROUNDS):
        places: set[int] = set()
        _mark(wide.root, changed, places)
        more = {text for text, target in targets.items() if id(target) in places} - changed
        if not more:
            return places
        changed |= more
    _mark(wide.root, set(targets), places)
    return places


def _mark(value: object, changed: set[str], places: set[int]) -> bool:
    reference = value.get("$ref") if isinstance(value, dict) else None
    is_changed = isinstance(reference, str) and reference in changed
    for below in children(value):
        is_changed |= _mark(below, changed, places)
    if is_changed:
        places.add(id(value))
    return is_changed


def _target(document: Document, reference: str) -> object:
    try:
        return document.target({"$ref": reference})
    except RequestRefused:
        return None
