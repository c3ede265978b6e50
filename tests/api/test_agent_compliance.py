"""An agent proves a policy about a recorded amount from its outbox, and submits the proof."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.test_outbox import TRUST, outbox_of
from tests.support.processes import BOOTSTRAP_KEY
from ves import hpke
from ves_client import ClientError, Exit, Sequencer, push
from ves_client.compliance import prove_policy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.support import Agent
    from tests.support.processes import Server
    from ves_client import Outbox

CAP: dict[str, Any] = {"policyId": "order_total.cap", "policyParams": {"cap": 10_000}}


@pytest.fixture
def outbox(agent: Agent, tmp_path: Path) -> Iterator[Outbox]:
    with outbox_of(agent, tmp_path) as made:
        yield made


@pytest.fixture
def sequencer(server: Server) -> Iterator[Sequencer]:
    with Sequencer(server.url, BOOTSTRAP_KEY) as made:
        yield made


def recorded(outbox: Outbox, sequencer: Sequencer, payload: Any, **options: Any) -> uuid.UUID:
    event_id = outbox.record("order", "O-1", "order.created", payload, **options)
    push(outbox, sequencer, TRUST)
    return event_id


@pytest.mark.parametrize("sealed", [False, True], ids=["plain", "sealed"])
def test_a_policy_is_proved_and_a_repeat_gets_the_stored_proof(
    outbox: Outbox, sequencer: Sequencer, sealed: bool
) -> None:
    recipients = {7: hpke.public_key(bytes(range(32)))} if sealed else None
    event_id = recorded(outbox, sequencer, {"amount": 4_200}, recipients=recipients)
    stored = prove_policy(outbox, sequencer, event_id, CAP)
    assert (stored["event_id"], stored["policy_id"]) == (str(event_id), "order_total.cap")
    assert sequencer.verify_compliance_proof(uuid.UUID(stored["proof_id"]))["valid"]
    assert prove_policy(outbox, sequencer, event_id, CAP)["proof_id"] == stored["proof_id"]


@pytest.mark.parametrize(
    ("payload", "told"),
    [({"amount": 10_001}, "must be <= limit"), ({"total": 1}, "holds no amount")],
    ids=["beyond", "none"],
)
def test_what_does_not_hold_is_not_submitted(
    outbox: Outbox, sequencer: Sequencer, payload: Any, told: str
) -> None:
    event_id = recorded(outbox, sequencer, payload)
    with pytest.raises(ClientError, match=told) as refused:
        prove_policy(outbox, sequencer, event_id, CAP)
    assert refused.value.status is Exit.USAGE


def test_an_event_without_receipt_is_not_proved(outbox: Outbox, sequencer: Sequencer) -> None:
    event_id = outbox.record("order", "O-1", "order.created", {"amount": 1})
    with pytest.raises(ClientError, match="with a receipt"):
        prove_policy(outbox, sequencer, event_id, CAP)


@pytest.mark.parametrize("member", ["eventSigningHash", "sequenceNumber"])
def test_inputs_of_another_event_are_refused(outbox: Outbox, sequencer: Sequencer, member: str) -> None:
    event_id = recorded(outbox, sequencer, {"amount": 1})
    told = sequencer.compliance_inputs(event_id, CAP)
    other = {"eventSigningHash": "00" * 32, "sequenceNumber": 9}[member]

    class Lying:
        def compliance_inputs(self, *_: Any) -> Any:
            return {"public_inputs": told["public_inputs"] | {member: other}}

    with pytest.raises(ClientError, match="another event") as refused:
        prove_policy(outbox, Lying(), event_id, CAP)  # type: ignore[arg-type]
    assert refused.value.status is Exit.CHECK_FAILED
