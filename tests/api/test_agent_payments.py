"""An agent signs a payment intent and submits it."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.support.payments import PAYEE
from tests.support.processes import BOOTSTRAP_KEY
from ves.errors import ProtocolError
from ves_client import AgentKey, ClientError, Exit, Sequencer, sign_payment

if TYPE_CHECKING:
    from tests.api.support import Agent
    from tests.support.processes import Server

TERMS = {"payee_address": PAYEE, "amount": 1_250_000, "asset": "ss_usd", "network": "set_chain"}


def test_a_signed_intent_is_sequenced_once_however_often_it_is_sent(server: Server, agent: Agent) -> None:
    key = AgentKey(agent.agent_id, agent.key_id, agent.seed)
    intent = sign_payment(key, agent.tenant_id, agent.store_id, **TERMS, description="two mugs")  # type: ignore[arg-type]
    with Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        first = sequencer.submit_payment(intent)
        assert sequencer.submit_payment(intent) == first
        assert first["sequence_number"] is not None
        assert sequencer.get_payment(uuid.UUID(first["intent_id"]))["intent_id"] == first["intent_id"]
        forged = json.loads(intent) | {"amount": 1, "idempotency_key": "other"}
        with pytest.raises(ClientError) as refused:
            sequencer.submit_payment(json.dumps(forged).encode())
    assert refused.value.status == Exit.REFUSED


def test_an_unknown_asset_or_network_is_refused_before_anything_is_signed(agent: Agent) -> None:
    key = AgentKey(agent.agent_id, agent.key_id, agent.seed)
    for wrong in ({"asset": "gold"}, {"network": "moon"}):
        with pytest.raises(ProtocolError):
            sign_payment(key, agent.tenant_id, agent.store_id, **TERMS | wrong)  # type: ignore[arg-type]
