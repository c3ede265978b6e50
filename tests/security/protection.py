"""Which check of fsck finds a change of which stored column: the table of protection.toml, and its page."""

from __future__ import annotations

import tomllib
from pathlib import Path

FILE = Path(__file__).with_suffix(".toml")
PAGE = Path(__file__).parents[2] / "docs" / "protection.md"
REFUSED = "refused"
UNPROTECTED = "unprotected"
DELETED = "(row)"
HEAD = """# What fsck finds

Made by `make generate` from `tests/security/protection.toml`; `tests/security/test_protection.py` changes one value of
every column, and deletes a row of every table, as a superuser with triggers off, and compares what is found.

`changes` and `audit` are findings of `ves.verify_audit` (`ves fsck` without `--store`), the others are checks of
`ves.verify_stream`. `refused` means that a constraint refuses the change even then. `(row)` is a deleted row.

Limits. Who can write every table can also recompute the hashes and chains that stand beside the rows; that is found only
by comparison with what somebody else kept: a receipt, a commitment, number and hash of the newest audit entry. A
superuser's change with triggers on is not a finding: `ves_store.row_changes` records it with time and role. The last,
uncommitted event of a stream can be removed together with its receipt, counter and versions as long as no worker has seen
it. Rejections, rate limits, use counters and work lists are not evidence of what was sequenced and are not covered.

| table | column | found by |
|---|---|---|
"""


def rows() -> dict[str, dict[str, list[str]]]:
    """Table -> column -> names of the checks that find a change; `unprotected` and its reason, or `refused`."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        table: {column: list(checks.split("; ")) for checks, columns in groups.items() for column in columns}
        for table, groups in tables.items()
    }


def page() -> str:
    """The text of docs/protection.md."""
    lines = [
        f"| `{table}` | {', '.join(f'`{column}`' for column in columns)} | {checks} |"
        for table, groups in tomllib.loads(FILE.read_text(encoding="utf-8")).items()
        for checks, columns in groups.items()
    ]
    return HEAD + "\n".join(lines) + "\n"
