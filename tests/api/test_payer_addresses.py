"""An address lets an agent's key sign payments from it, by a signature that the server checks (x402 T2)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from tests.api.support import Agent, admin_call, assert_error
from tests.support.bindings import binding_body
from tests.support.payments import payer_of

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database


def bind(client: httpx.Client, agent: Agent, body: dict[str, str], key_id: int = 1) -> httpx.Response:
    path = f"/api/v1/agents/{agent.agent_id}/keys/{key_id}/payer-addresses"
    return client.post(path, params={"tenantId": str(agent.tenant_id)}, json=body)


def test_an_address_that_signed_is_bound_once_and_its_payments_are_settleable(
    admin: httpx.Client, agent: Agent, api_database: Database
) -> None:
    account = Account.create()
    body = binding_body(account, agent)
    answer = bind(admin, agent, body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "tenantId": str(agent.tenant_id),
        "agentId": str(agent.agent_id),
        "keyId": 1,
        "payerAddress": account.address.lower(),
        "isNew": True,
    }
    assert bind(admin, agent, body).json()["isNew"] is False
    admin_call(api_database, "select ves.set_settlement_contract('base', '0x' || repeat('cd', 20))")
    intent = payer_of(agent).intent(network="base", payer_address=account.address, payer_public_key=None)
    assert admin.post("/api/v1/x402/payments", json=intent).status_code == 200
    [listed] = admin.get("/api/v1/x402/payments", params={"tenant_id": str(agent.tenant_id)}).json()
    assert listed["is_settleable"] is True


@pytest.mark.parametrize(
    "changed",
    [
        {"payer": "0x" + "11" * 20},
        {"tenant_id": str(uuid.UUID(int=1))},
        {"agent_id": str(uuid.UUID(int=1))},
        {"key_id": 2},
        {"public_key": bytes(32)},
    ],
    ids=str,
)
def test_a_signature_over_anything_else_binds_nothing(
    admin: httpx.Client, agent: Agent, changed: dict[str, Any]
) -> None:
    account = Account.create()
    assert_error(
        bind(admin, agent, binding_body(account, agent, **changed)), 400, "SIGNATURE_VERIFICATION_FAILED"
    )
    good = binding_body(account, agent)
    assert bind(admin, agent, good).json()["isNew"] is True


def test_another_account_cannot_sign_for_an_address(admin: httpx.Client, agent: Agent) -> None:
    body = binding_body(Account.create(), agent) | {"payerAddress": Account.create().address}
    assert_error(bind(admin, agent, body), 400, "SIGNATURE_VERIFICATION_FAILED")


def test_what_is_no_signature_or_no_key_is_refused(admin: httpx.Client, agent: Agent) -> None:
    body = binding_body(Account.create(), agent)
    assert_error(bind(admin, agent, body | {"signature": "0x12"}), 400, "INVALID_FIELD_VALUE")
    assert_error(bind(admin, agent, body | {"payerAddress": "0x12"}), 422, "INVALID_REQUEST_BODY")
    assert_error(bind(admin, agent, body, key_id=9), 404, "AGENT_KEY_NOT_FOUND")
