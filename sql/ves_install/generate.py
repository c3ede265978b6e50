"""Files generated from the engine's sources; a test checks that they are current.

`python -m ves_install.generate` rewrites them.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ves_install.files import sql_root

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


def error_codes_path() -> Path:
    """Where the generated module lives."""
    return sql_root().parent / "plpython" / "ves" / "error_codes.py"


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


if __name__ == "__main__":
    error_codes_path().write_text(error_codes(), encoding="utf-8")
