"""The named statements of the edges, as the server would get them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.support.cluster import ROOT

# file -> role that sends its statements
FILES = {
    **{
        str(path.relative_to(ROOT)): "ves_admin"
        for path in sorted((ROOT / "api/ves_api/gateway/operators").glob("*.sql"))
    },
}
_NAME = re.compile(r"^-- name: (\w+)\n((?:--[^\n]*\n)*)", re.MULTILINE)
_PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Statement:
    """One named statement."""

    path: str
    role: str
    name: str
    description: str
    text: str

    @property
    def numbered(self) -> str:
        """The text with $1, $2, ... for its named parameters."""
        names = list(dict.fromkeys(_PARAMETER.findall(self.text)))
        return _PARAMETER.sub(lambda match: f"${names.index(match[1]) + 1}", self.text)

    def __str__(self) -> str:
        return f"{Path(self.path).parent.parent.name}/{Path(self.path).stem}:{self.name}"


def statements() -> list[Statement]:
    found = []
    for path, role in FILES.items():
        parts = _NAME.split((ROOT / path).read_text(encoding="utf-8"))
        for name, description, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            found.append(Statement(path, role, name, description, body.strip().rstrip(";")))
    return found


def sql_files() -> set[str]:
    """Every .sql file of the edges."""
    return {
        str(path.relative_to(ROOT)) for room in ("api", "workers") for path in (ROOT / room).rglob("*.sql")
    }
