"""Migrations: the ledger of what ran, and an upgrade of a database with data in it by a synthetic 0002 and 0003."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.conftest import Database
from tests.sql.install.support import schema_of
from tests.sql.rows import fill
from tests.support.cluster import ROOT
from ves_install.errors import MigrationError
from ves_install.install import install
from ves_install.migrations import migrations

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cluster import Cluster

# Changed by every `create or replace` of a function.
VERSIONS = """
    select p.oid::regprocedure::text, p.xmin::text
    from pg_proc as p where p.pronamespace = 'ves_record'::regnamespace
    order by 1"""
MODULE = '''"""Synthetic."""

from ves_install.migrations import run_sql_beside

revision = "{name}"
down_revision = "{before}"
breaking_level = {level}


def upgrade() -> None:
    """Run the file beside this one."""
    run_sql_beside(__file__)
'''
COLUMN = "comment on column ves_store.signers.note is 'Remark of the operator.';\n"
MORE_ROWS = (
    ("ves_admin", "select ves.register_signer(gen_random_uuid(), 1, 'none', null)"),
    ("ves_api", "select ves.take_rate_limit('{tenant}', '{k}', '{5}', '{60}', '{9}')"),
    ("ves_worker", "select ves.claim_lease('l', 'h'), ves.count_key_usage()"),
    ("postgres", "update ves_store.api_keys set rate_limit = 7"),
    ("postgres", "insert into ves_store.rejection_cuts values (gen_random_uuid(), 1, now())"),
    (
        "postgres",
        "insert into ves_store.agent_sync_state select t, t, t, 1, now() from gen_random_uuid() as t",
    ),
    (
        "postgres",
        "insert into ves_store.tenant_projectors select t, t, 'p', 'a.b', now() from gen_random_uuid() as t",
    ),
    (
        "postgres",
        (
            "insert into ves_store.projection_checkpoints (tenant_id, store_id, stream, projector)"
            " select t, t, 'ves', 'product' from gen_random_uuid() as t"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.projections select t, t, 'ves', 'product', 1, 'p', 1, 1, now(), now(), '{}'"
            " from gen_random_uuid() as t"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.projection_retries (tenant_id, store_id, stream, sequence_number, position)"
            " select t, t, 'ves', 1, 2 from gen_random_uuid() as t"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.rejected_events_log (tenant_id, store_id, stream, sequence_number, event_id,"
            " entity_type, entity_id, reason, message)"
            " select t, t, 'ves', 1, t, 'product', 'p', 'HANDLER_ERROR', '' from gen_random_uuid() as t"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.subscription_members"
            " select s.tenant_id, s.subscription_id, 'm', now() from ves_store.subscriptions as s limit 1"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.feed_ranges"
            " select s.tenant_id, s.subscription_id, 1, s.tenant_id, 1, 1 from ves_store.subscriptions as s limit 1"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.x402_settlements select b.tenant_id, b.store_id, b.batch_id, 0, 1, 'prepared', false, 'c', 't',"
            " null, null, null, null, now(), now() from ves_store.x402_payment_batches as b limit 1"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.x402_batches_to_divide (chain_id, tenant_id, batch_id, store_id)"
            " select 1, b.tenant_id, b.batch_id, b.store_id from ves_store.x402_payment_batches as b limit 1"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.x402_settlement_items"
            " select s.tenant_id, s.batch_id, s.batch_id, 0 from ves_store.x402_settlements as s limit 1"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.x402_exact_batches (chain_id, settlement_contract, token_address, status, payment_count,"
            " merkle_root, created_at, updated_at) values (1, 'c', 't', 'prepared', 1, sha256(''), now(), now())"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.x402_exact_payments (tenant_id, chain_id, settlement_contract, token_address, payer_address,"
            " payee_address, amount, valid_after, valid_before, nonce, signature, digest, status, created_at, updated_at)"
            " select gen_random_uuid(), 1, a, a, a, a, 1, 0, 9, sha256(''), 's', sha256(''), 'recorded', now(), now()"
            " from concat('0x', repeat('ab', 20)) as a"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.timestamps (root, proof, status, created_at, due_at)"
            " values (sha256(''), 'p', 'submitted', now(), now())"
        ),
    ),
    ("ves_admin", "select ves.set_paid_origin(gen_random_uuid(), 'https://s.example', true)"),
    (
        "postgres",
        (
            "insert into ves_store.x402_resources select o.tenant_id, o.origin, o.origin, 'GET', 2, 'n', '0x' || repeat('ab', 20),"
            " '{}', now() from ves_store.x402_origins as o limit 1"
        ),
    ),
    ("postgres", "insert into ves_store.chain_accounts values (1, '0x' || repeat('ab', 20), 'l', 0)"),
    (
        "postgres",
        (
            "insert into ves_store.chain_transactions (chain_id, sender, kind, tenant_id, reference_id, part,"
            " to_address, calldata, status, created_at, updated_at)"
            " select 1, a.sender, 'settlement', t, t, 0, a.sender, '', 'planned', now(), now()"
            " from ves_store.chain_accounts as a, gen_random_uuid() as t"
        ),
    ),
    (
        "postgres",
        (
            "insert into ves_store.chain_attempts"
            " select t.transaction_id, 1, sha256(''), '', 1, 1, 1, now() from ves_store.chain_transactions as t"
        ),
    ),
    (
        "postgres",
        (
            "select ves_int.dead_letter('c', e.tenant_id, e.store_id, false, e.sequence_number, 'unknown')"
            " from ves_store.ves_events as e limit 1"
        ),
    ),
)
WITHOUT_ROWS = {"reencryptions"}  # a row lives inside one transaction
CHANGED_BY_AN_INSTALLATION = {"alembic_version", "migrations", "schema_state"}
CONSTRAINT = "alter table ves_store.audit_switch drop constraint there_is_one_switch;\n"


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the engine's sources that a test may change, in a folder whose name tools may take for syntax."""
    folder = tmp_path / "ä 100%(here)s; a,b"
    shutil.copytree(ROOT / "sql", folder / "sql")
    shutil.copytree(ROOT / "plpython" / "wrappers", folder / "plpython" / "wrappers")
    monkeypatch.setenv("VES_SQL_ROOT", str(folder / "sql"))
    return folder / "sql"


def add(release: Path, name: str, before: str, sql: str, level: int = 1) -> None:
    folder = release / "migrations" / "versions"
    (folder / f"{name}.py").write_text(MODULE.format(name=name, before=before, level=level), encoding="utf-8")
    (folder / f"{name}.sql").write_text(sql, encoding="utf-8")


def make_next_release(release: Path) -> None:
    """A later release: a new column (pre), a dropped constraint (post); the state files say the same."""
    add(
        release,
        "0002_pre_note",
        "0001_baseline",
        "alter table ves_store.signers add column note text;\n" + COLUMN,
    )
    add(release, "0003_post_epoch", "0002_pre_note", CONSTRAINT, level=2)
    signers = release / "tables" / "signers.sql"
    text = signers.read_text(encoding="utf-8").replace(
        "default now(),\n", "default now(),\n  note text,\n", 1
    )
    signers.write_text(text + COLUMN, encoding="utf-8")
    epoch = release / "tables" / "audit_switch.sql"
    text = epoch.read_text(encoding="utf-8")
    epoch.write_text(
        text.replace(
            "primary key (singleton),\n  constraint there_is_one_switch check (singleton)\n",
            "primary key (singleton)\n",
        ),
        encoding="utf-8",
    )


def ledger(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("select name, breaking_level from ves.list_migrations()").fetchall()


def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the engine."""
    with database.connect() as superuser:
        tables = superuser.execute(
            "select relname from pg_class where relnamespace = 'ves_store'::regnamespace and relkind in ('r', 'p')"
        ).fetchall()
        return {
            name: [
                row[0]
                for row in superuser.execute(
                    f"select to_jsonb(t) from ves_store.{name} as t order by to_jsonb(t)::text"
                )
            ]
            for (name,) in tables
        }


def test_an_upgraded_database_equals_a_fresh_one_and_keeps_every_row(
    engine: Cluster, empty: str, another: str, release: Path
) -> None:
    url, database = engine.url(empty), Database(engine, empty)
    install(url)
    fill(database)
    for role, statement in MORE_ROWS:
        with database.connect(role) as connection:
            connection.execute(statement)
    before = contents(database)
    assert {name for name, rows in before.items() if not rows} == WITHOUT_ROWS, "MORE_ROWS lacks a new table"
    assert len(before["signers"]) == 2
    make_next_release(release)
    assert install(url).revision == "0003_post_epoch"
    after = contents(database)
    assert [row.pop("note") for row in after["signers"]] == [None, None]
    assert len(after["migrations"]) == 3
    for name in before.keys() - CHANGED_BY_AN_INSTALLATION:
        assert after[name] == before[name], name
    install(engine.url(another), from_files=True)
    assert schema_of(engine, empty) == schema_of(engine, another)


def test_post_migrations_can_wait_until_every_edge_is_new(engine: Cluster, empty: str, release: Path) -> None:
    url = engine.url(empty)
    make_next_release(release)
    assert install(url, before_post=True).revision == "0002_pre_note"
    assert ledger(url) == [("0001_baseline", 1), ("0002_pre_note", 1)]
    assert install(url).revision == "0003_post_epoch"
    assert ledger(url)[-1] == ("0003_post_epoch", 2)


def test_the_ledger_says_what_ran(engine: Cluster) -> None:
    with engine.connect("ves_template") as connection:
        rows = connection.execute(
            "select name, checksum, breaking_level, seconds > 0, applied_at <= now() from ves.list_migrations()"
        ).fetchall()
    assert rows == [(m.name, m.checksum, m.breaking_level, True, True) for m in migrations()]


def test_a_migration_that_was_edited_after_it_ran_stops_the_installation(
    engine: Cluster, empty: str, release: Path
) -> None:
    url = engine.url(empty)
    make_next_release(release)
    install(url)
    add(release, "0002_pre_note", "0001_baseline", "select 1;\n")
    with pytest.raises(MigrationError, match="changed since they ran in this database: 0002_pre_note;"):
        install(url)


def test_an_older_release_does_not_install_over_a_newer_one(
    engine: Cluster, empty: str, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = engine.url(empty)
    make_next_release(release)
    install(url)
    monkeypatch.delenv("VES_SQL_ROOT")
    with engine.connect(empty) as connection:
        before = connection.execute(VERSIONS).fetchall()
        with pytest.raises(MigrationError, match="does not know: 0002_pre_note, 0003_post_epoch;"):
            install(url)
        assert connection.execute(VERSIONS).fetchall() == before


def test_a_database_of_an_unreleased_version_is_refused(engine: Cluster, empty: str) -> None:
    url = engine.url(empty)
    with engine.connect(empty) as connection:
        connection.execute("create schema ves_store authorization ves_owner")
        connection.execute("create table ves_store.migrations (version_num text)")
    with pytest.raises(MigrationError, match="create it anew"):
        install(url)


def test_a_failing_migration_leaves_what_ran_before_it_and_its_own_traces_nowhere(
    engine: Cluster, empty: str, release: Path
) -> None:
    url = engine.url(empty)
    add(
        release,
        "0002_pre_wrong",
        "0001_baseline",
        "create table ves_store.half (n int);\nselect 1 / 0;\n",
    )
    with pytest.raises(Exception, match="division by zero"):
        install(url)
    with engine.connect(empty) as connection:
        assert connection.execute("select name from ves_store.migrations").fetchall() == [("0001_baseline",)]
        assert connection.execute("select to_regclass('ves_store.half')").fetchone() == (None,)


def test_many_installations_at_once_are_one(engine: Cluster, empty: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: install(engine.url(empty)), range(8)))
    assert {result.revision for result in results} == {"0001_baseline"}
    assert [result.logic_applied for result in results].count(True) == 1
    assert len(ledger(engine.url(empty))) == 1
