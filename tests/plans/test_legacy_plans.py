"""An entity's history is found by its index, also before the first ANALYZE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import scalar

if TYPE_CHECKING:
    from tests.conftest import Database

READ = "select idx_tup_read from pg_stat_user_indexes where indexrelname = %s"
STREAM_INDEX = "events_tenant_id_store_id_sequence_number_key"


def test_a_page_of_a_history_reads_no_more_of_the_stream_than_its_rows(database: Database) -> None:
    with database.connect("ves_api") as api:
        writer = Writer(api)
        writer.ingest(*[Legacy(entity_id=f"e{at % 100}") for at in range(2000)])
    with database.connect() as superuser:
        superuser.execute("select pg_stat_force_next_flush()")
        before = scalar(superuser, READ, [STREAM_INDEX])
        history = "select total from ves.get_entity_history(%s, %s, 'order', 'e7', 5, 10)"
        assert superuser.execute(history, writer.stream).fetchall() == [(20,)] * 10
        superuser.execute("select pg_stat_force_next_flush()")
        superuser.execute("select pg_stat_clear_snapshot()")
        assert scalar(superuser, READ, [STREAM_INDEX]) - before <= 10
