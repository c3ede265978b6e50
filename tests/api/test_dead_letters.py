"""Dead letters over REST: what an operator sees and does."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tests.api.support import Agent, assert_error
from tests.api.test_credentials import mint
from tests.sql.support import scalar

if TYPE_CHECKING:
    import httpx

    from tests.api.support import Server
    from tests.conftest import Database

PATH = "/api/v1/admin/dead-letters"


def fail(database: Database, agent: Agent, number: int, reason: str) -> int:
    with database.connect() as owner:
        letter: int = scalar(
            owner,
            "select ves_int.dead_letter('orders', %s, %s, false, %s, %s, 'why')",
            [agent.tenant_id, agent.store_id, number, reason],
        )
    return letter


def of(agent: Agent, **more: Any) -> dict[str, str]:
    return {"tenant_id": str(agent.tenant_id), **{name: str(value) for name, value in more.items()}}


def test_dead_letters_are_listed_retried_discarded_and_purged(
    admin: httpx.Client, api_database: Database, agent: Agent
) -> None:
    agent.ingest(admin, *(agent.event() for _ in range(3)))
    oversold, moved, broken = (
        fail(api_database, agent, number, reason)
        for number, reason in (
            (1, "invariant_violation"),
            (2, "invalid_state_transition"),
            (3, "handler_error"),
        )
    )
    page = admin.get(PATH, params=of(agent, limit=2)).json()
    assert "dead_letters" in page, page
    assert [row["dead_letter_id"] for row in page["dead_letters"]] == [oversold, moved]
    assert (
        admin.get(PATH, params=of(agent, after=moved)).json()["dead_letters"][0]["dead_letter_id"] == broken
    )
    one = admin.get(f"{PATH}/{oversold}", params=of(agent)).json()
    assert (one["reason"], one["status"], one["error_message"]) == ("invariant_violation", "failed", "why")
    assert (one["sequence_number"], one["store_id"]) == (1, str(agent.store_id))

    retried = admin.post(f"{PATH}/{oversold}/retry", params=of(agent))
    assert retried.json() == {"dead_letter_id": oversold, "status": "pending"}
    many = admin.post(f"{PATH}/retry", params=of(agent, reason="invalid_state_transition"))
    assert many.json() == {"count": 1}
    pending = admin.get(PATH, params=of(agent, status="pending", consumer="orders")).json()
    assert pending["count"] == 3

    assert admin.delete(f"{PATH}/{broken}", params=of(agent)).json()["status"] == "discarded"
    assert_error(admin.delete(f"{PATH}/{broken}", params=of(agent)), 409, "INVALID_STATE_TRANSITION")
    assert_error(admin.post(f"{PATH}/{broken}/retry", params=of(agent)), 409, "INVALID_STATE_TRANSITION")
    assert admin.delete(PATH, params=of(agent)).json() == {"count": 0}
    assert admin.delete(PATH, params=of(agent, older_than_days=0)).json() == {"count": 1}
    for call in (admin.get, admin.delete):
        assert_error(call(f"{PATH}/{broken}", params=of(agent)), 404, "RESOURCE_NOT_FOUND")
    assert_error(admin.post(f"{PATH}/{broken}/retry", params=of(agent)), 404, "RESOURCE_NOT_FOUND")


def test_only_administrators_of_the_tenant_see_and_change_them(
    server: Server, admin: httpx.Client, api_database: Database, agent: Agent
) -> None:
    agent.ingest(admin, agent.event())
    letter = fail(api_database, agent, 1, "handler_error")
    calls = (("GET", PATH), ("DELETE", PATH), ("POST", f"{PATH}/retry"), ("POST", f"{PATH}/{letter}/retry"))
    with server.client(mint(api_database, agent.tenant_id)) as writer:
        for method, path in (*calls, ("GET", f"{PATH}/{letter}"), ("DELETE", f"{PATH}/{letter}")):
            assert_error(writer.request(method, path), 403, "INSUFFICIENT_PERMISSIONS")


def test_a_key_of_another_store_is_refused(
    server: Server, admin: httpx.Client, api_database: Database, agent: Agent
) -> None:
    agent.ingest(admin, agent.event())
    letter = fail(api_database, agent, 1, "handler_error")
    key = mint(api_database, agent.tenant_id, stores=(uuid.uuid4(),), admin=True)
    with server.client(key) as elsewhere:
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/retry")):
            refused = elsewhere.request(method, f"{PATH}/{letter}{path}", params=of(agent))
            assert_error(refused, 403, "INSUFFICIENT_PERMISSIONS", 1005)
    assert admin.get(f"{PATH}/{letter}", params=of(agent)).json()["status"] == "pending"
