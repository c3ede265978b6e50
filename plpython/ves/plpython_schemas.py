"""Between PL/Python and `ves.schemas`. Used by the wrappers only."""

from __future__ import annotations

from collections.abc import Sequence

from ves.plpython import guard
from ves.schemas.compatibility import Mode, check_compatibility
from ves.schemas.compiled import compile_schema

__all__ = ["check_schema", "guard"]


def check_schema(schema: str, mode: Mode, versions: Sequence[int], earlier: Sequence[str]) -> None:
    """Compile a schema and compare it with earlier ones. Raises RequestRefused."""
    compile_schema(schema)
    if mode != "none":
        check_compatibility(schema, list(zip(versions, earlier, strict=True)), mode)
