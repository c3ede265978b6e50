"""The table of routes and the application say the same, and each route opens to the permissions that its row names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.support import assert_error
from tests.api.surface.conftest import SERVED
from tests.api.surface.place import mint, settle
from tests.api.surface.requests import build
from tests.api.surface.table import TABLE, Row

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

NOW = [row for row in TABLE if row.later is None]
LATER = [row for row in TABLE if row.later is not None]
BY_NAME = {route.name: route for route in SERVED}
FLAGS = ("read", "write", "admin")


def test_the_table_and_the_document_name_the_same_routes() -> None:
    assert sorted(row.name for row in NOW) == sorted(BY_NAME)
    assert len({row.name for row in TABLE}) == len(TABLE) > 65


@pytest.mark.parametrize("row", LATER, ids=lambda row: row.name)
def test_what_comes_later_is_not_found_or_not_allowed_yet(bootstrap: httpx.Client, row: Row) -> None:
    """Whoever serves it takes its mark off the table, and thereby takes on every other test of this folder."""
    answer = bootstrap.request(row.method, row.template.format(batch_id="x", intent_id="x"))
    assert answer.status_code in (404, 405), answer.text


@pytest.mark.parametrize(
    "row", [row for row in NOW if row.need not in ("none", "any")], ids=lambda row: row.name
)
def test_a_route_opens_to_the_permissions_of_its_row_and_no_other(
    surface: Server, surface_database: Database, bootstrap: httpx.Client, row: Row
) -> None:
    place = settle(bootstrap, surface_database)
    opening = {"agent": ["admin"], "bootstrap": []}.get(row.need, row.need.split(" or "))
    assert set(opening) <= set(FLAGS)
    # Those that are refused go first: a route that deletes can be served once only.
    for flag in sorted(FLAGS, key=lambda flag: flag in opening):
        rights = {f"can_{name}": name == flag for name in FLAGS}
        key = mint(surface_database, place.tenant_id, **rights)
        with surface.client(key) as client:
            answer = build(BY_NAME[row.name], place).send(client)
        if flag in opening:
            assert answer.status_code == 200, f"{flag}: {answer.text}"
        else:
            assert_error(answer, 403, "INSUFFICIENT_PERMISSIONS", 1005)
    if row.need == "bootstrap":
        assert build(BY_NAME[row.name], place).send(bootstrap).status_code == 200
