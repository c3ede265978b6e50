"""Loader of the named statements: the only SQL text of the workers."""

from __future__ import annotations

import re
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)\n((?:-- .*\n)+)", re.MULTILINE)


def load_statements(text: str) -> dict[str, bytes]:
    """Split a file of `-- name: x`, description lines and one statement each.

    Returns the statements by name, without the final semicolon. ValueError when a name repeats.
    """
    found: dict[str, bytes] = {}
    heads = list(_NAME.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=True):
        name = head.group(1)
        if name in found:
            raise ValueError(f"statement {name} is declared twice")
        found[name] = text[head.end() : end].strip().removesuffix(";").encode()
    return found


STATEMENTS = load_statements(resources.files(__package__).joinpath("statements.sql").read_text())
