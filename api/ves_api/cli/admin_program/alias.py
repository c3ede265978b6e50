"""`stateset-sequencer-admin`: the same commands under the original's name and conventions (operations 12).

Help goes to standard error and ends with 0, also for an unknown word; the version is a bare number on standard output;
every failure ends with 1; an unknown word is answered with the nearest known one.
"""

from __future__ import annotations

import difflib
import sys
from contextlib import redirect_stdout

import typer
from typer.exceptions import TyperException

from ves_api import __version__
from ves_api.cli.admin_program.commands import COMMANDS, summary
from ves_api.cli.options import ALIAS
from ves_client.commands.output import err, out
from ves_client.errors import ClientError, Exit, usage

HELP_WORDS = frozenset({"-h", "--help", "help"})
VERSION_WORDS = frozenset({"-V", "-v", "--version", "version"})

app = typer.Typer(name=ALIAS, add_completion=False, rich_markup_mode=None)
for _name, _function in COMMANDS.items():
    app.command(_name)(_function)


def options_of(name: str) -> list[str]:
    """Return the options of a command."""
    group = typer.main.get_command(app)
    command = group.get_command(typer.Context(group), name)  # type: ignore[attr-defined]
    return [option for parameter in command.params for option in parameter.opts]


def suggest(word: str, known: list[str]) -> str | None:
    """Return the first known word with this prefix, else the most similar one, else None."""
    started = sorted(name for name in known if word.strip("-") and name.startswith(word))
    return next(iter(started or difflib.get_close_matches(word, known, n=1, cutoff=0.8)), None)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        return _run(arguments or ["--help"])
    except TyperException as error:
        err.print(f"error: {error.format_message()}")
    except ClientError as error:
        err.print(f"error: {error.message}")
    return Exit.CHECK_FAILED


def _run(arguments: list[str]) -> int:
    name, *rest = arguments
    if name in VERSION_WORDS:
        out.print(__version__)
        return Exit.FINE
    if name in HELP_WORDS:
        return _help(rest[0] if rest else None)
    if name not in COMMANDS:
        raise _unknown("command", name, list(COMMANDS))
    if {"-h", "--help"} & set(rest):
        return _help(name)
    options = options_of(name)
    for word in rest:
        if word.startswith("--") and word.partition("=")[0] not in options:
            raise _unknown("option", word, options)
    status = int(app([name, *rest], prog_name=ALIAS, standalone_mode=False) or Exit.FINE)
    return min(status, Exit.CHECK_FAILED)


def _help(name: str | None) -> int:
    """Print the help of a command, or of all commands; for an unknown word only a suggestion."""
    if name is None:
        err.print(f"Administration of a sequencer.\n\nUsage: {ALIAS} <command> [options]\n\nCommands:")
        for known, function in COMMANDS.items():
            err.print(f"  {known:<33} {summary(function)}")
            err.print(f"      {' '.join(options_of(known))}".rstrip())
        err.print(
            f"\nEvery database command takes --database-url, else DATABASE_URL. `{ALIAS} help <command>` has more."
        )
    elif name in COMMANDS:
        with redirect_stdout(sys.stderr):
            app([name, "--help"], prog_name=ALIAS, standalone_mode=False)
    else:
        err.print(_unknown("command", name, list(COMMANDS)).message)
    return Exit.FINE


def _unknown(kind: str, word: str, known: list[str]) -> ClientError:
    nearest = suggest(word, known)
    hint = f"did you mean {nearest}?" if nearest else f"see `{ALIAS} --help`"
    return usage(f"unknown {kind} {word}; {hint}")


def main() -> None:
    """Run the program with the arguments of this process."""
    sys.exit(run(sys.argv[1:]))
