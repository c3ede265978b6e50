"""Keys, tokens, passwords and payloads are in no log, no error answer, no statistics and no table that has no need of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.security.scenario import DATABASE, PAYLOAD, Day
from tests.support.cluster import ROOT, discard, new_cluster
from ves_install.install import install

if TYPE_CHECKING:
    from collections.abc import Iterator

# Columns that hold what tenants store, if nothing encrypts it; everywhere else a payload's words would be a leak.
CONTENT = {"payload", "payload_encrypted"}
PREFIX = re.compile(r"word4\w+")


def product_settings() -> dict[str, str]:
    """What `sql/image/engine.conf` says about logs, and an operator who logs every statement."""
    text = (ROOT / "sql" / "image" / "engine.conf").read_text(encoding="utf-8")
    found = dict(re.findall(r"^(log_\w+) = '?([^'\n]*?)'?$", text, re.MULTILINE))
    assert found["log_parameter_max_length"] == "0"
    return found | {
        "log_min_duration_statement": "0",
        "log_min_messages": "notice",
        "log_connections": "on",
        "pg_stat_statements.track": "all",
        "pg_stat_statements.track_utility": "on",
    }


@pytest.fixture(scope="module", params=["required", "disabled"])
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The scenario, played with payloads encrypted at rest, and with payloads as they came."""
    cluster = new_cluster(**product_settings())
    with cluster.connect() as connection:
        connection.execute(f"create database {DATABASE}")
    install(cluster.url(DATABASE))
    with cluster.connect(DATABASE) as connection:
        connection.execute("create extension pg_stat_statements")
    played = Day(cluster, tmp_path_factory.mktemp("secrets"), request.param)
    played.play()
    yield played
    discard(cluster)


def leaks(text: str, day: Day) -> list[str]:
    """The secrets and payload words that a text holds, with what stands around the first of them."""
    found = [secret for secret in {*day.secrets, PAYLOAD} if secret in text]
    found += sorted(set(PREFIX.findall(text)) - {PAYLOAD})
    return [f"{secret[:24]}: …{text[max(text.find(secret) - 200, 0) :][:400]}…" for secret in found]


def test_the_scenario_met_refusals_failures_and_statements(day: Day) -> None:
    statuses = {answer.status_code for answer in day.refusals}
    assert {400, 401, 404, 422, 500, 503} <= statuses
    assert len(day.secrets) > 15
    log = day.logs["PostgreSQL"].read_text(encoding="utf-8")
    assert log.count("duration:") > 100
    assert "broken" in log
    assert '"internal_error"' in day.logs["API"].read_text(encoding="utf-8")


@pytest.mark.parametrize("room", ["API", "workers", "PostgreSQL"])
def test_no_log_holds_a_secret_or_a_payload(day: Day, room: str) -> None:
    text = day.logs[room].read_text(encoding="utf-8")
    assert text
    assert leaks(text, day) == []


def test_no_error_answer_holds_a_secret_or_a_payload(day: Day) -> None:
    assert len(day.refusals) > 30
    for answer in day.refusals:
        assert leaks(f"{dict(answer.headers)} {answer.text}", day) == []


def test_the_statistics_of_statements_hold_neither(day: Day) -> None:
    with day.cluster.connect(DATABASE) as connection:
        rows = connection.execute("select query from pg_stat_statements").fetchall()
    assert len(rows) > 50
    assert leaks("\n".join(row[0] for row in rows), day) == []


def test_no_table_holds_a_secret_and_only_content_columns_a_payload(day: Day) -> None:
    with day.cluster.connect(DATABASE) as connection:
        tables = [
            row[0]
            for row in connection.execute(
                """select c.oid::regclass::text from pg_class as c
                where c.relnamespace in ('ves_store'::regnamespace, 'pgmq'::regnamespace)
                  and c.relkind in ('r', 'p') order by 1"""
            )
        ]
        filled = 0
        for table in tables:
            content = list(CONTENT) if day.at_rest == "disabled" else []
            rows = connection.execute(f"select to_jsonb(t) - %s::text[] from {table} as t", [content])
            text = "\n".join(str(row[0]) for row in rows)
            filled += bool(text)
            assert leaks(text, day) == [], table
            everything = "\n".join(
                str(row[0]) for row in connection.execute(f"select t::text from {table} as t")
            )
            assert [secret for secret in day.secrets if secret in everything] == [], table
    assert filled > 12
