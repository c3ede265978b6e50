"""Output of commands: text or one JSON document, and a progress bar on terminals."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Task
    from rich.table import Table

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]

_WIDEST = 400
# What would move the cursor, change the terminal or turn the direction of text around, but for tab and newline.
_CONTROLS = {
    code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"  # noqa: PLR2004 (two hex digits)
    for code in (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


class _Literal(Console):
    """Prints text from files and servers literally: no markup, no emoji codes, and control characters in hex."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(text.translate(_CONTROLS), **options)


out = _Literal(soft_wrap=True)
err = _Literal(stderr=True, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one JSON document, UTF-8 in any locale; UUIDs, times and raw fragments in the API's format."""
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=_default))


def print_line(text: str) -> None:
    """Print one line, whatever names it quotes: a line break in them makes no second one."""
    out.print(text.replace("\n", "\\n"))


def show(document: Any, text: str, as_json: bool) -> None:
    """Print a result: one JSON document, or text."""
    if as_json:
        print_json(document)
    else:
        out.print(text)


def _default(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_table(table: Table) -> None:
    """Print a table at full width, so that values are not truncated to the terminal and can be copied."""
    wide = _Literal(width=_WIDEST)
    wide.print(table)


def note(text: str) -> None:
    """Print a message to stderr."""
    err.print(text)


class RateColumn(ProgressColumn):
    """Progress column: items per second."""

    def render(self, task: Task) -> Text:
        """Return the rate, or a dash while it is unknown."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {task.fields['unit']}/s" if speed else "-", style="progress.data.speed")


@contextmanager
def progress(label: str, total: int, unit: str, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Show a progress bar with rate and ETA; yields the function that advances it.

    No output if stderr is not a terminal or `quiet` is set.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _count: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bars:
        task = bars.add_task(label, total=total, unit=unit)
        yield lambda count: bars.advance(task, count)
