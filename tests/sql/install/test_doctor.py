"""`ves engine doctor` tells the operator what was changed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves_install.doctor import diagnose
from ves_install.record import Difference

if TYPE_CHECKING:
    from tests.conftest import Database


def test_an_untouched_engine_has_no_difference(database: Database) -> None:
    assert diagnose(database.url()) == []


def test_an_edited_function_a_dropped_trigger_and_a_new_grant_are_named(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute(
            "create or replace function ves.version() returns text language sql as $$ select 'mine' $$"
        )
        superuser.execute("drop trigger t10_refuse_change on ves_store.ves_events")
        superuser.execute("grant select on ves_store.ves_events to ves_api")
    found = diagnose(database.url())
    assert Difference("function ves.version()", "changed") in found
    assert Difference("trigger t10_refuse_change on ves_store.ves_events", "missing") in found
    assert Difference("grants table ves_store.ves_events", "changed") in found
