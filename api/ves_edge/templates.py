"""Source text of the modules in `ves_edge/gen`, from the functions that `ves_edge.generate` read."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ves_edge.catalog import Column, Function, Parameter

_LINE: Final = 110
_HEADER: Final = '''"""{title} Generated from the database's catalog by `make generate`; do not edit."""

from __future__ import annotations

'''


def _docstring(text: str, indent: str) -> str:
    quoted = text.strip().replace("\\", "\\\\").replace('"""', "'''")
    lines = textwrap.wrap(quoted, _LINE - len(indent) - 3, break_long_words=False, break_on_hyphens=False)
    body = f"\n{indent}".join(lines)
    return f'{indent}"""{body}"""\n' if len(lines) == 1 else f'{indent}"""{body}\n{indent}"""\n'


def records(
    composites: Iterable[tuple[str, str, Sequence[Column]]],
    functions: Iterable[Function],
    camel: Callable[[str], str],
) -> str:
    """Module `records`: a class for each composite type (name, comment, members) and each table of results."""
    text = _HEADER.format(title="Rows of the answers.") + (
        "from datetime import datetime, timedelta\nfrom typing import Any\nfrom uuid import UUID\n\nimport msgspec\n"
    )
    shapes = [(camel(name), comment, columns) for name, comment, columns in composites]
    shapes += [
        (f.record, f"A row of `{f.name}`.", f.columns)
        for f in functions
        if f.returns == "rows" and f.record.endswith("Row")
    ]
    for name, comment, columns in shapes:
        text += f"\n\nclass {name}(msgspec.Struct, frozen=True, array_like=True):\n"
        text += _docstring(comment, "    ") + "\n"
        text += "".join(f"    {column.name}: {column.python}\n" for column in columns)
    return text


def table(functions: Iterable[Function]) -> str:
    """Module `functions`: the table that the connections, the commands and the reference pages read."""
    text = _HEADER.format(title="The functions of schema `ves`.") + (
        "from types import MappingProxyType\n\nfrom ves_edge.catalog import Column, Function, Parameter\n\n"
        "FUNCTIONS = MappingProxyType({\n"
    )
    for f in functions:
        text += f"    {f.name!r}: Function(\n        name={f.name!r},\n        parameters=(\n"
        text += "".join(f"            {parameter!r},\n" for parameter in f.parameters)
        text += (
            f"        ),\n        returns={f.returns!r},\n        record={f.record!r},\n        columns=(\n"
        )
        text += "".join(f"            {column!r},\n" for column in f.columns)
        text += f"        ),\n        comment={f.comment!r},\n        roles={f.roles!r},\n"
        text += f"        volatility={f.volatility!r},\n        repeatable={f.repeatable},\n        reason={f.reason!r},\n"
        text += f"        statement={f.statement!r},\n    ),\n"
    return text + "})\n"


def calls(functions: Sequence[Function], streams: Sequence[str], *, asynchronous: bool) -> str:
    """Module `aio` or `sync`: a function for each database function, with its name and its parameters' names."""
    face = "AsyncDatabase" if asynchronous else "SyncDatabase"
    used = sorted({f.record.removesuffix(" | None") for f in functions if f.returns in {"row", "rows"}})
    text = _HEADER.format(
        title=f"Typed calls on an {face}. Every one raises ApiError."
        if asynchronous
        else f"Typed calls on a {face}. Every one raises ApiError."
    )
    text += "from collections.abc import " + ("Sequence\n" if asynchronous else "Iterator, Sequence\n")
    text += "from datetime import datetime, timedelta\nfrom typing import Any\nfrom uuid import UUID\n\n"
    text += "from ves_edge import arrays, calls\n"
    text += f"from ves_edge.calls import {face}\nfrom ves_edge.gen.functions import FUNCTIONS\n"
    text += "from ves_edge.gen.records import (\n" + "".join(f"    {name},\n" for name in used) + ")\n"
    for f in functions:
        text += _call(f, face, asynchronous=asynchronous)
        if not asynchronous and f.name in streams:
            text += _stream(f)
    return text


def _signature(f: Function, face: str, answer: str, prefix: str, name: str) -> str:
    given = [
        f"{p.name}: {p.python}" + ("" if p.default is None else f" = {p.default}")
        for p in _required_first(f.parameters)
    ]
    parameters = [f"db: {face}", *(["*", *given] if given else [])]
    one_line = f"{prefix}def {name}({', '.join(parameters)}) -> {answer}:\n"
    if len(one_line) <= _LINE:
        return one_line
    lines = "".join(f"    {parameter},\n" for parameter in parameters)
    return f"{prefix}def {name}(\n{lines}) -> {answer}:\n"


def _required_first(parameters: Sequence[Parameter]) -> list[Parameter]:
    return sorted(parameters, key=lambda parameter: parameter.default is not None)


def _given(parameters: Sequence[Parameter]) -> str:
    if not parameters:
        return "{}"
    lines = "".join(f"        {p.name!r}: {p.expression},\n" for p in parameters)
    return "{\n" + lines + "    }"


def _call(f: Function, face: str, *, asynchronous: bool) -> str:
    kind, null = f.record.removesuffix(" | None"), f.record.endswith(" | None")
    answer = f"list[{kind}]" if f.returns == "rows" else f.record
    head = _signature(f, face, answer, "async " if asynchronous else "", f.name)
    fetch = f"db.fetch(FUNCTIONS[{f.name!r}], {_given(f.parameters)})"
    fetch = f"await {fetch}" if asynchronous else fetch
    text = "\n\n" + head + _docstring(f.comment, "    ")
    if f.returns == "nothing":
        return text + f"    {fetch}\n"
    if f.returns == "rows":
        convert = f"calls.records(rows, {kind})"
    elif f.returns == "row":
        convert = f"calls.record_or_none(rows, {kind})" if null else f"calls.record(rows, {kind})"
    elif kind == "Any":
        convert = "rows[0][0]"
    else:
        convert = f"calls.value_or_none(rows, {kind})" if null else f"calls.value(rows, {kind})"
    return text + f"    rows = {fetch}\n    return {convert}\n"


def _stream(f: Function) -> str:
    head = _signature(f, "SyncDatabase", f"Iterator[{f.record}]", "", f"stream_{f.name}")
    return (
        f"\n\n{head}"
        + _docstring(f"As `{f.name}`, with rows that come as they are consumed, in one snapshot.", "    ")
        + f"    rows = db.stream(FUNCTIONS[{f.name!r}], {_given(f.parameters)})\n"
        + f"    return calls.stream(rows, {f.record})\n"
    )
