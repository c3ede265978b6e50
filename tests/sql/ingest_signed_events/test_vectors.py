"""Every ingest scenario of the vectors, through SQL alone."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.support.scenarios import expected, register_keys, scenarios, summary

if TYPE_CHECKING:
    from tests.conftest import Database


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario["name"])
def test_a_scenario_is_answered_as_the_vectors_say(database: Database, scenario: dict[str, Any]) -> None:
    with database.connect("ves_admin") as admin, database.connect("ves_service") as service:
        admin.execute("select ves.register_signer(%s, 0, 'none', null)", [uuid.uuid4()])
        register_keys(admin, scenario)
        for step in scenario["steps"]:
            body = json.dumps(step["request"])
            if step["expect"]["http_status"] == 200:
                row = service.execute("select ves.ingest_signed_events(%s::jsonb)", [body]).fetchone()
                assert row is not None
                assert summary(row[0]) == expected(step)
            else:
                with pytest.raises(psycopg.Error) as refusal:
                    service.execute("select ves.ingest_signed_events(%s::jsonb)", [body])
                assert refusal.value.sqlstate.startswith("VE0")
    with database.connect("ves_reader") as reader:
        findings = reader.execute(
            "select f.* from ves.list_streams() as s, ves.verify_stream(s.tenant_id, s.store_id) as f"
        ).fetchall()
    assert findings == []
