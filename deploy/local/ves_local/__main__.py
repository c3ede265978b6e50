"""`python -m ves_local up|down|reset|status`: what the Makefile's targets of these names run."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ves_local import console, supervise
from ves_local.console import StageError, say
from ves_local.layout import Layout


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Hold the lock of the checkout: concurrent commands would manage the same processes."""
    layout.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (layout.run / "lock").open("w", encoding="ascii") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise StageError("another make up, down or reset of this checkout is at work") from busy
        yield


def _up(layout: Layout) -> None:
    # Lazy import: it needs the database driver of .venv, which down and reset do not.
    from ves_local import up  # noqa: PLC0415

    with _alone(layout):
        up.run(layout)


def _down(layout: Layout) -> None:
    if not (layout.state.exists() or supervise.is_running(layout)):
        say("nothing was ever started here")
        return
    with _alone(layout):
        say("stopped" if supervise.stop(layout) else "nothing was running")


def _reset(layout: Layout) -> None:
    _down(layout)
    if not layout.state.exists():
        return
    external = "DATABASE_URL=" in _text(layout.secrets_file)
    for place in layout.remove_cluster():
        say(f"deleted {place}")
    shutil.rmtree(layout.state)
    say(f"deleted {layout.state} (data, keys, passwords, logs)")
    if external:
        say("the server of DATABASE_URL was left as it is")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _status(layout: Layout) -> None:
    if not supervise.is_running(layout):
        raise StageError("not running (make up starts it)")
    subprocess.run(
        [layout.venv / "bin" / "supervisorctl", "-c", layout.supervisor_config, "status"], check=False
    )


_COMMANDS: dict[str, Callable[[Layout], None]] = {
    "up": _up,
    "down": _down,
    "reset": _reset,
    "status": _status,
}


def main(arguments: list[str]) -> int:
    """Run one command; return 0, 1 for a failed stage, 2 for wrong usage, 130 when interrupted."""
    if len(arguments) != 1 or arguments[0] not in _COMMANDS:
        print(f"usage: python -m ves_local {'|'.join(_COMMANDS)}", file=sys.stderr)
        return 2
    os.umask(0o022)
    layout = Layout(Path(__file__).resolve().parents[3])
    try:
        _COMMANDS[arguments[0]](layout)
    except StageError as error:
        console.report(error)
        return 1
    except PermissionError as error:
        console.report(
            StageError(f"{error.filename} belongs to another user; run this as that user or as root")
        )
        return 1
    except BrokenPipeError:  # the reader of stdout closed; started processes keep running
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; make up goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
