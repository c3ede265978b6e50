"""The PL/Python functions are those of the marked library calls."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from tests.support.generated_wrappers import WRAPPERS, wrapper, wrappers
from ves.plpython_functions import Server, SqlFunction, UuidText


def test_the_wrappers_are_those_of_the_marked_calls() -> None:
    stored = {path.name: path.read_text(encoding="utf-8") for path in WRAPPERS.glob("*.sql")}
    assert stored == wrappers(), "run `make generate`"


def test_types_and_arguments_follow_from_the_annotations() -> None:
    def call(
        plpy: Server, a: UUID, b: UUID | None, c: list[UuidText | None], d: Annotated[str, "json"]
    ) -> None:
        """Say 'so'."""

    call.__annotations__ |= {
        "plpy": Server,
        "a": UUID,
        "b": UUID | None,
        "c": list[UuidText | None],
        "return": None,
    }
    call.__annotations__["d"] = Annotated[str, "json"]
    text = wrapper(SqlFunction(call, "stable"))
    assert "ves_int.call(\n  a uuid,\n  b uuid,\n  c uuid[],\n  d json\n)\nreturns void" in text
    assert "plpy, UUID(a), b and UUID(b), c, d)" in text
    assert "comment on function ves_int.call(uuid, uuid, uuid[], json) is\n'Say ''so''.'" in text
