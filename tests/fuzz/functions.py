"""The public SQL functions as the catalog knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Database

ROLES = ["ves_api", "ves_worker", "ves_service", "ves_reader", "ves_admin"]


@dataclass(frozen=True)
class Function:
    """One function of schema ves as the catalog knows it."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    roles: tuple[str, ...]
    required: int

    def call(self, count: int) -> str:
        """A call with the first `count` parameters; the others keep their defaults."""
        arguments = ", ".join(f"%s::{kind}" for _, kind in self.parameters[:count])
        return f"select * from ves.{self.name}({arguments})"


def public_functions(database: Database) -> list[Function]:
    with database.connect() as connection:
        rows = connection.execute(
            """select p.proname,
              coalesce((select array_agg(t::regtype::text order by o)
                from unnest(p.proargtypes) with ordinality as a (t, o)), '{}'),
              coalesce(p.proargnames, '{}'), p.pronargs - p.pronargdefaults,
              (select array_agg(r.rolname::text order by 1) from pg_roles as r
               where r.rolname = any(%s) and has_function_privilege(r.oid, p.oid, 'execute'))
            from pg_proc as p
            where p.pronamespace = 'ves'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
            order by 1""",
            [ROLES],
        ).fetchall()
    return [
        Function(name, tuple(zip(names, types, strict=False)), tuple(roles or ()), required)
        for name, types, names, required, roles in rows
    ]
