"""`stateset-sequencer-admin`: the same commands under the reference's name and conventions (operations 12).

Help goes to standard error and ends with 0, the version to standard output; an unknown word is answered with the
nearest known one. Exit codes as `ves`.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout

import typer
from typer.exceptions import TyperException

from ves_api import __version__
from ves_api.cli.operations.commands import COMMANDS
from ves_api.cli.operations.options import ALIAS
from ves_client.commands.output import err, out
from ves_client.errors import ClientError, Exit, usage

HELP_WORDS = frozenset({"-h", "--help", "help"})
VERSION_WORDS = frozenset({"-V", "-v", "--version", "version"})
NEAR = 2

app = typer.Typer(
    name=ALIAS,
    help="Administration of a sequencer. Every database command takes --database-url, else DATABASE_URL.",
    add_completion=False,
    rich_markup_mode=None,
)
for _name, _function in COMMANDS.items():
    app.command(_name)(_function)


def distance(one: str, other: str) -> int:
    """Give the edit distance (Levenshtein) of two words."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row[0] = row[0], place
        for at, target in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != target))
    return row[-1]


def suggest(word: str, known: list[str]) -> str | None:
    """Give the known word that starts so, else the nearest within two edits, else None."""
    started = sorted(name for name in known if word.strip("-") and name.startswith(word))
    if started:
        return started[0]
    nearest = min(known, key=lambda name: distance(word, name), default=None)
    return nearest if nearest is not None and distance(word, nearest) <= NEAR else None


def options_of(name: str) -> list[str]:
    """List the options of a command."""
    group = typer.main.get_command(app)
    command = group.get_command(typer.Context(group), name)  # type: ignore[attr-defined]
    return [option for parameter in command.params for option in parameter.opts]


def run(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    try:
        return _run(arguments or ["--help"])
    except TyperException as error:
        err.print(f"error: {error.format_message()}")
        return Exit.USAGE
    except ClientError as error:
        err.print(f"error: {error.message}")
        return error.status


def _run(arguments: list[str]) -> int:
    name, *rest = arguments
    if name in VERSION_WORDS:
        out.print(f"{ALIAS} {__version__}")
        return Exit.FINE
    if name in HELP_WORDS:
        name, rest = (rest[0] if rest else "", ["--help"])
    if name and name not in COMMANDS:
        raise _unknown("command", name, list(COMMANDS))
    if {"-h", "--help"} & set(rest):
        with redirect_stdout(sys.stderr):
            app([name, "--help"] if name else ["--help"], prog_name=ALIAS, standalone_mode=False)
        return Exit.FINE
    options = options_of(name)
    for word in rest:
        if word.startswith("--") and word.partition("=")[0] not in options:
            raise _unknown("option", word, options)
    return int(app([name, *rest], prog_name=ALIAS, standalone_mode=False) or Exit.FINE)


def _unknown(kind: str, word: str, known: list[str]) -> ClientError:
    nearest = suggest(word, known)
    hint = f"did you mean {nearest}?" if nearest else f"see `{ALIAS} --help`"
    return usage(f"unknown {kind} {word}; {hint}")


def main() -> None:
    """Run the program with the arguments of this process."""
    sys.exit(run(sys.argv[1:]))
