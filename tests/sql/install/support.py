"""What the tests of the installer share."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cluster import Cluster


def schema_of(cluster: Cluster, database: str) -> list[str]:
    """Statements of a dump of the schema, sorted: pg_dump orders objects by oid where their names tie."""
    dump = subprocess.run(
        [str(cluster.bin / "pg_dump"), "--schema-only", "-d", cluster.url(database)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    statements = [part.strip() for part in dump.split(";\n")]
    return sorted(
        part
        for part in statements
        if part and not any(word in part for word in ("alembic_version", "pg_stat_statements", "restrict "))
    )
