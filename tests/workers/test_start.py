"""The workers start only with an engine that fits, and wait for a database that is not there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database

LATER = (
    "insert into ves_store.migrations (name, checksum, breaking_level, duration)"
    " select '0002_post_later', checksum, 2, duration from ves_store.migrations"
)


def test_an_engine_of_a_higher_breaking_level_stops_the_start(
    database: Database, start: Callable[..., Any]
) -> None:
    with database.connect() as connection:
        connection.execute(LATER)
    process = start()
    assert process.wait() == 4
    said = process.log_text()
    assert "engine_mismatch: " in said
    assert "its breaking level is 2 and this release knows 1" in said
    assert not process.said("worker.started")


def test_an_engine_that_lacks_a_function_of_the_workers_stops_the_start(
    database: Database, start: Callable[..., Any]
) -> None:
    with database.connect() as connection:
        connection.execute("drop function ves.get_receipt_work")
    process = start("commit")
    assert process.wait() == 4
    assert "get_receipt_work cannot be called" in process.log_text()


def test_the_operator_can_have_an_engine_that_does_not_fit_only_reported(
    database: Database, start: Callable[..., Any]
) -> None:
    with database.connect() as connection:
        connection.execute(LATER)
    process = start(DB_MIGRATE_ON_STARTUP="off")
    wait_until(lambda: process.said("worker.started"), "the start")
    assert process.said("engine_mismatch")
    assert process.stop() == 0


def test_a_database_that_cannot_be_reached_is_waited_for_until_sigterm(start: Callable[..., Any]) -> None:
    process = start(DATABASE_URL="postgresql://ves_worker@127.0.0.1:1/ves")
    wait_until(lambda: process.log_text().count("database_not_reachable") > 1, "the second attempt")
    assert not process.said("worker.started")
    assert process.stop() == 0
