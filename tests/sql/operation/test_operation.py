"""What an operator asks first: which engine, in which mode, and would it keep what it acknowledged?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import scalar
from tests.support.cluster import discard, new_cluster
from ves import codec
from ves_install.install import ENGINE_VERSION, install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database
    from tests.support.cluster import Cluster

ROLES = ["ves_api", "ves_worker", "ves_service", "ves_reader", "ves_admin"]


@pytest.mark.parametrize("role", ROLES)
def test_every_role_may_ask_who_answers(shared: Database, role: str) -> None:
    with shared.connect(role) as connection:
        row = connection.execute("select * from ves.health()").fetchone()
        assert row is not None
        version, mode, server, fsync, synchronous_commit = row
        assert version == ENGINE_VERSION == scalar(connection, "select ves.version()")
        assert mode in {"full", "core"}
        assert server == scalar(connection, "show server_version")
        assert (fsync, synchronous_commit) == (True, "on")


def test_what_is_trimmed_in_sql_is_what_the_library_trims(shared: Database) -> None:
    codes = [code for code in range(1, 0x3100) if not 0xD800 <= code < 0xE000]
    with shared.connect() as connection:
        trimmed = connection.execute(
            "select c from unnest(%s::int[]) as c where ves_int.trimmed(chr(c)) = ''", [codes]
        ).fetchall()
    assert [code for (code,) in trimmed] == [code for code in codes if not codec.trim(chr(code))]


def test_a_durable_server_says_so(shared: Database) -> None:
    with shared.connect("ves_api") as connection:
        assert scalar(connection, "select ves.server_is_durable()") is True


@pytest.mark.parametrize("setting", ["on", "local", "remote_write", "remote_apply"])
def test_a_session_that_flushes_its_commits_is_durable(shared: Database, setting: str) -> None:
    with shared.connect("ves_api") as connection:
        connection.execute("select set_config('synchronous_commit', %s, false)", [setting])
        assert scalar(connection, "select ves.server_is_durable()") is True


def test_a_session_that_does_not_flush_its_commits_is_refused(shared: Database) -> None:
    with shared.connect("ves_api") as connection:
        connection.execute("set synchronous_commit to off")
        with pytest.raises(psycopg.Error) as refusal:
            connection.execute("select ves.server_is_durable()")
    assert refusal.value.sqlstate == "VE901"


def test_a_session_whose_triggers_do_not_run_is_refused(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute(f"alter database {database.name} set session_replication_role to replica")
    with database.connect("ves_api") as connection, pytest.raises(psycopg.Error) as refusal:
        connection.execute("select ves.server_is_durable()")
    assert refusal.value.sqlstate == "VE914"


@pytest.fixture(scope="module", params=["fsync", "full_page_writes"])
def reckless(request: pytest.FixtureRequest) -> Iterator[tuple[Cluster, str]]:
    """A server that would lose what it acknowledged."""
    cluster = new_cluster(**{request.param: "off"})
    install(cluster.url("postgres"))
    yield cluster, request.param
    discard(cluster)


def test_a_server_that_may_lose_commits_is_refused(reckless: tuple[Cluster, str]) -> None:
    cluster, setting = reckless
    with cluster.connect("postgres", "ves_api") as connection, pytest.raises(psycopg.Error) as refusal:
        connection.execute("select ves.server_is_durable()")
    assert refusal.value.sqlstate == "VE901"
    assert f'"{setting}": "off"' in (refusal.value.diag.message_detail or "")


def test_an_unregistered_refusal_cannot_be_raised(owner: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.NoDataFound):
        owner.execute("select ves_int.raise_error('made_up')")


def test_a_refusal_has_its_code_message_and_detail(owner: psycopg.Connection[Any]) -> None:
    rows = owner.execute("select code, name, message from ves.errors").fetchall()
    assert len(rows) > 30
    for code, name, message in rows:
        with pytest.raises(psycopg.Error) as refusal, owner.transaction():
            owner.execute("select ves_int.raise_error(%s, %s)", [name, '{"field": "x"}'])
        diagnostic = refusal.value.diag
        assert (refusal.value.sqlstate, diagnostic.message_primary, diagnostic.message_detail) == (
            code,
            message,
            '{"field": "x"}',
        )
