"""A release replaces the logic of an earlier one, whatever changed, and leaves what others built alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from ves_install.doctor import diagnose
from ves_install.install import install

if TYPE_CHECKING:
    from tests.conftest import Database

OLDER = "update ves_store.schema_state set logic_hash = 'of an earlier release'"


def test_a_function_and_a_view_of_another_shape_are_made_again(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute("drop function ves.list_streams(uuid, uuid)")
        superuser.execute(
            "create function ves.list_streams(tenant_id uuid default null, store_id uuid default null) returns table (older text)"
            " language sql set search_path to '' as $$ select 'x' $$"
        )
        superuser.execute("drop view ves.signers")
        superuser.execute("create view ves.signers as select 1 as older, 2 as still_older")
        superuser.execute("alter view ves.signers owner to ves_owner")
        superuser.execute("alter function ves.list_streams(uuid, uuid) owner to ves_owner")
        superuser.execute(OLDER)
    assert install(database.url()).logic_applied
    assert diagnose(database.url()) == []


def test_what_no_file_makes_any_more_is_dropped(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute(
            "create function ves.gone(n integer) returns integer language sql as $$ select n $$"
        )
        superuser.execute("create view ves.gone_too as select ves.gone(1) as n")
        superuser.execute(
            "create trigger t90_gone before update on ves_store.signers"
            " for each row execute function ves_int.tg_history__refuse_change()"
        )
        superuser.execute(OLDER)
    install(database.url())
    assert diagnose(database.url()) == []


def test_what_an_operator_built_on_a_function_is_not_dropped_with_it(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute("create function ves.gone() returns integer language sql as $$ select 1 $$")
        superuser.execute("create view public.mine as select ves.gone() as n")
        superuser.execute(OLDER)
    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        install(database.url())
    with database.connect() as superuser:
        assert superuser.execute("select n from public.mine").fetchone() == (1,)
        assert superuser.execute("select logic_hash from ves_store.schema_state").fetchone() == (
            "of an earlier release",
        )
