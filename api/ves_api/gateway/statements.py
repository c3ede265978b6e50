"""The named statements of sql/*.sql, loaded once."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load() -> dict[str, bytes]:
    """Statement text by name, without comments and the closing semicolon.

    Raises ValueError when a name is used twice.
    """
    statements: dict[str, bytes] = {}
    for file in files("ves_api.gateway").joinpath("sql").iterdir():
        parts = _NAME.split(file.read_text(encoding="utf-8"))
        for name, body in zip(parts[1::2], parts[2::2], strict=True):
            if name in statements:
                raise ValueError(f"statement {name} is defined twice")
            lines = [line for line in body.splitlines() if line and not line.startswith("--")]
            statements[name] = "\n".join(lines).rstrip(";").encode()
    return statements
