"""Commands of operations: an operation that declares `command="area verb"` calls the database function of its name."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer

from ves_api.cli.frame import call_command, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ves_api.operations.kit import Operation


def is_known(command: object, words: Sequence[str]) -> bool:
    """Whether the words name a command that the program has without the operations, which take 0.2 s to import."""
    for word in words[:2]:
        commands = getattr(command, "commands", None)
        if commands is None:
            break
        if word not in commands:
            return False
        command = commands[word]
    return bool(words)


def add_operation_commands(app: typer.Typer) -> None:
    """Add the commands of all operations, in areas that exist or are made; each once."""
    areas = {str(g.name): g.typer_instance for g in app.registered_groups if g.typer_instance}
    for operation in _operations():
        area, _, verb = (operation.command or "").rpartition(" ")
        if area and area not in areas:
            areas[area] = typer.Typer(no_args_is_help=True, help=f"{area.capitalize()}.")
            app.add_typer(areas[area], name=area)
        place = areas[area] if area else app
        if verb not in {command.name for command in place.registered_commands}:
            call_command(place, verb, operation.name, f"{operation.summary}.", plain(operation.name))


def _operations() -> Iterator[Operation[Any]]:
    import ves_api.operations as package  # noqa: PLC0415 - see is_known
    from ves_api.operations.kit import Operation  # noqa: PLC0415 - see is_known

    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for declared in vars(import_module(module.name)).values():
            if isinstance(declared, Operation) and declared.command is not None:
                yield declared
