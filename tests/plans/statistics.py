"""Statistics of the planner: those of several moments, kept and put back, and none at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

# Rows of a moment are kept in pg_statistic itself, under numbers that no table has: no other table can hold them.
FIRST_KEPT = 4_000_000_000
COLUMNS = """
  staattnum, stainherit, stanullfrac, stawidth, stadistinct, stakind1, stakind2, stakind3, stakind4, stakind5, staop1,
  staop2, staop3, staop4, staop5, stacoll1, stacoll2, stacoll3, stacoll4, stacoll5, stanumbers1, stanumbers2,
  stanumbers3, stanumbers4, stanumbers5, stavalues1, stavalues2, stavalues3, stavalues4, stavalues5"""
RELATIONS = """
select c.oid, c.relpages, c.reltuples, c.relallvisible from pg_class as c
left join pg_index as i on i.indexrelid = c.oid
where coalesce(i.indrelid, c.oid) = any(%s::text[]::regclass[])"""


class Moments:
    """What the planner knew of some tables at several moments; autovacuum does not add moments of its own."""

    def __init__(self, connection: psycopg.Connection[Any], *tables: str) -> None:
        self._connection, self._tables = connection, list(tables)
        self._kept: dict[str, list[tuple[Any, ...]]] = {}
        for table in tables:
            connection.execute(f"alter table {table} set (autovacuum_enabled = off)")

    def analyze(self, name: str) -> None:
        """Analyze the tables and keep what was found."""
        self._connection.execute(f"analyze {', '.join(self._tables)}")
        relations = self._connection.execute(RELATIONS, [self._tables]).fetchall()
        first = FIRST_KEPT + sum(map(len, self._kept.values()))
        self._kept[name] = [(first + n, *relation) for n, relation in enumerate(relations)]
        for kept, oid, *_ in self._kept[name]:
            self._copy(oid, kept)

    def each(self) -> Iterator[str]:
        """Put back each moment that was kept, in their order."""
        for name, relations in self._kept.items():
            for kept, oid, *sizes in relations:
                self._connection.execute("delete from pg_statistic where starelid = %s", [oid])
                self._copy(kept, oid)
                self._connection.execute(
                    "update pg_class set relpages = %s, reltuples = %s, relallvisible = %s where oid = %s",
                    [*sizes, oid],
                )
            self._connection.execute("discard plans")
            yield name

    def _copy(self, source: int, target: int) -> None:
        self._connection.execute(
            f"insert into pg_statistic (starelid, {COLUMNS}) select %s::oid, {COLUMNS} from pg_statistic"
            " where starelid = %s::oid",
            [target, source],
        )


def forget_statistics(connection: psycopg.Connection[Any]) -> None:
    """Leave the planner as before the first ANALYZE, or after a restore; cached plans are made again."""
    connection.execute(
        "delete from pg_statistic where starelid in ("
        "select oid from pg_class where relnamespace = 'ves_store'::regnamespace)"
    )
    connection.execute(
        "update pg_class set reltuples = -1, relpages = 0 where relnamespace = 'ves_store'::regnamespace"
    )
    connection.execute("discard plans")
