"""Files generated from the engine's sources; a test checks that they are current.

`python -m ves_install.generate` rewrites them.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ves_install.files import section, sql_root
from ves_install.migrations import migrations

HEADER = '''"""Generated from sql/errors/errors.csv by `python -m ves_install.generate`; do not edit."""

from __future__ import annotations

from typing import NamedTuple


class ErrorCode(NamedTuple):
    """One refusal: SQLSTATE, name, code and number in the error body, statuses, default message."""

    code: str
    name: str
    wire_code: str
    numeric_code: int
    http: int
    grpc: str
    retry: bool
    message: str


# fmt: off
ALL = (
'''

FOOTER = """)
# fmt: on

BY_NAME = {entry.name: entry for entry in ALL}
BY_CODE = {entry.code: entry for entry in ALL}
"""


def error_codes() -> str:
    """Source text of `ves.error_codes`."""
    text = (sql_root() / "errors" / "errors.csv").read_text(encoding="utf-8")
    lines = []
    for row in csv.DictReader(io.StringIO(text)):
        values = (
            row["code"],
            row["name"],
            row["wire_code"],
            int(row["numeric_code"]),
            int(row["http"]),
            row["grpc"],
            row["retry"] == "yes",
            row["message"],
        )
        lines.append(f"    ErrorCode({', '.join(map(_literal, values))}),\n")
    return HEADER + "".join(lines) + FOOTER


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def baseline() -> str:
    """SQL text of migration 0001: the state files in load order."""
    head = "-- Generated from [state] of sql/load.toml by `python -m ves_install.generate`; frozen with release 0.1.0.\n"
    return head + "\n".join(path.read_text(encoding="utf-8") for path in section("state"))


def release() -> str:
    """Source text of the constants with which an edge checks the migration ledger of the database."""
    known = migrations()
    names = "".join(f'    "{migration.name}",\n' for migration in known)
    return (
        '"""Generated from sql/migrations by `python -m ves_install.generate`; do not edit."""\n\n'
        f"# fmt: off\nMIGRATIONS = (\n{names})\n# fmt: on\n"
        f"BREAKING_LEVEL = {max(migration.breaking_level for migration in known)}\n"
    )


def generated() -> dict[Path, str]:
    """Every generated file with its expected text."""
    root = sql_root()
    return {
        root / "migrations" / "versions" / "0001_baseline.sql": baseline(),
        root.parent / "plpython" / "ves" / "error_codes.py": error_codes(),
        root.parent / "api" / "ves_edge" / "release.py": release(),
    }


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
