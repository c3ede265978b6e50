"""A sealed order: a proof that its amount is within a limit, and three proofs that are refused.

Version 2 proofs do not hide the amount (see ves_stark): this shows the binding, not confidentiality.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import orjson
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec.structs import asdict

import ves_stark
from ves_client.agent import Event, Signed, open_event, sign_event
from ves_client.errors import ClientError, Exit, check_failed
from ves_edge.errors import ApiError
from ves_edge.gen import sync
from ves_stark.registry import payload_amount
from ves_stark.rescue import commitment

if TYPE_CHECKING:
    from collections.abc import Callable

    from shop.purchases import Agent
    from ves_api.cli.database import OperatorDatabase
    from ves_client.sequencer import Sequencer

Json = dict[str, Any]
CAP = 10_000
AMOUNT = 4_200
WRONG_AMOUNT = 1
POLICY: Json = {"policyId": "order_total.cap", "policyParams": {"cap": CAP}}
CREATED_AT = "1997-12-31T23:59:59Z"
RECIPIENT = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused submission and the reason of the refusal."""

    tried: str
    reason: str


@dataclass(frozen=True, slots=True)
class Played:
    """Results of the scene; `by_sql` is None without a database or without PL/Python."""

    proof_id: UUID
    proof_bytes: int
    milliseconds: int
    by_rest: Json
    by_sql: Json | None
    refusals: list[Refusal]


def play(sequencer: Sequencer, tenant_id: UUID, agent: Agent, db: OperatorDatabase | None) -> Played:
    """Run the scene in its own store. Exit code 1 if a valid proof is refused or an invalid one is accepted."""
    agent = replace(agent, store_id=uuid4())
    payload = orjson.dumps({"orderId": "order-sealed", "amount": AMOUNT})
    secret = X25519PrivateKey.generate()
    order = _event(payload)
    recipient = {RECIPIENT: secret.public_key().public_bytes_raw()}
    sealed = sign_event(agent.key, tenant_id, agent.store_id, order, recipients=recipient)
    other, plain = (sign_event(agent.key, tenant_id, agent.store_id, _event(payload)) for _ in range(2))
    _ingest(sequencer, agent, [sealed, other, plain])

    proof = _prove(sequencer, order.event_id, AMOUNT)
    stored = sequencer.submit_compliance_proof(order.event_id, _submission(proof))
    proof_id = UUID(stored["proof_id"])
    by_rest = sequencer.verify_compliance_proof(proof_id)
    by_sql = _verdict_in_sql(db, proof_id)
    verdicts = [by_rest, *([by_sql] if by_sql else [])]
    if not all(verdict["valid"] and verdict["stark_valid"] for verdict in verdicts):
        raise check_failed("a good proof was not found valid", {"verdicts": verdicts})
    if stored["witness_commitment"] != commitment(_amount_inside(sealed, secret)):
        raise check_failed("the committed amount is not the sealed one")

    wrong = _prove(sequencer, plain.event_id, WRONG_AMOUNT)
    data = bytearray(proof.proof_bytes)
    data[len(data) // 2] ^= 1
    tampered = replace(proof, proof_bytes=bytes(data))
    refusals = [
        Refusal("an amount above the cap", _refused_by_prover(sequencer, order.event_id)),
        Refusal("another amount than the order's", _refused(sequencer, plain.event_id, _submission(wrong))),
        Refusal("the same proof for another event", _refused(sequencer, other.event_id, _submission(proof))),
        Refusal("one byte changed", _refused(sequencer, order.event_id, _submission(tampered))),
    ]
    return Played(proof_id, proof.proof_size, proof.proving_time_ms, by_rest, by_sql, refusals)


def report(line: Callable[[str], None], played: Played) -> None:
    """Print the results, line by line."""
    strength = played.by_rest["strength"]
    line(
        f"   an encrypted order of {AMOUNT:,} cents; the agent proves that it is at most {CAP:,}"
        f" ({played.proof_bytes:,} bytes in {played.milliseconds} ms)"
    )
    by_sql = "by SQL not asked" if played.by_sql is None else f"by SQL {_word(played.by_sql)}"
    line(f"   verified: by REST {_word(played.by_rest)}, {by_sql}; proof {played.proof_id}")
    line(
        f"   {strength['conjectured_bits']} bits by conjecture; the server reads no encrypted amount"
        f" ({played.by_rest['amount_binding']}): the recipient opened the order, and it is the committed one"
    )
    line("   such a proof does not hide the amount from those who may read the proof")
    for refusal in played.refusals:
        line(f"   {refusal.tried}: refused ({refusal.reason})")


def as_json(played: Played) -> Json:
    """Return the results as JSON."""
    return {
        "played": True,
        "proof_id": played.proof_id,
        "valid_by_rest": played.by_rest["valid"],
        "valid_by_sql": None if played.by_sql is None else played.by_sql["valid"],
        "refusals": {refusal.tried: refusal.reason for refusal in played.refusals},
    }


def _word(verdict: Json) -> str:
    return "VALID" if verdict["valid"] else f"NOT VALID ({verdict['reason']})"


def _verdict_in_sql(db: OperatorDatabase | None, proof_id: UUID) -> Json | None:
    """Verify in SQL; None without a database or in core mode."""
    try:
        return None if db is None else asdict(sync.verify_compliance_proof(db, proof_id=proof_id))
    except ApiError as error:
        if error.name != "crypto_unavailable":
            raise
        return None


def _event(payload: bytes) -> Event:
    return Event(uuid4(), "order", f"order-{uuid4()}", "order.placed", CREATED_AT, payload)


def _amount_inside(order: Signed, secret: X25519PrivateKey) -> int:
    """Decrypt the order as its recipient and return the amount. Exit code 1 if it has none."""
    amount = payload_amount(open_event(order.text, RECIPIENT, secret.private_bytes_raw()).decode())
    if amount is None:
        raise check_failed("the opened order holds no amount")
    return amount


def _ingest(sequencer: Sequencer, agent: Agent, events: list[Signed]) -> None:
    answer = sequencer.ingest(agent.key.agent_id, [event.text for event in events])
    if answer.events_accepted != len(events):
        raise check_failed("the orders were rejected")


def _inputs(sequencer: Sequencer, event_id: UUID) -> ves_stark.CompliancePublicInputs:
    answer = sequencer.compliance_inputs(event_id, POLICY)
    return ves_stark.CompliancePublicInputs.from_json(answer["public_inputs"])


def _prove(sequencer: Sequencer, event_id: UUID, amount: int) -> ves_stark.ComplianceProof:
    inputs = _inputs(sequencer, event_id)
    return ves_stark.prove(amount, inputs, inputs.policy())


def _submission(proof: ves_stark.ComplianceProof) -> Json:
    return POLICY | {
        "proofType": ves_stark.PROOF_TYPE,
        "proofVersion": ves_stark.PROOF_VERSION,
        "proofB64": base64.b64encode(proof.proof_bytes).decode(),
        "witnessCommitment": proof.witness_commitment_hex,
    }


def _refused_by_prover(sequencer: Sequencer, event_id: UUID) -> str:
    try:
        _prove(sequencer, event_id, CAP + 1)
    except ves_stark.ProvingError as error:
        return f"{error.reason}: {error.message}"
    raise check_failed("an amount above the cap was proved")


def _refused(sequencer: Sequencer, event_id: UUID, submission: Json) -> str:
    """Submit an invalid proof; return the refusal reason. Exit code 1 if it is accepted."""
    try:
        sequencer.submit_compliance_proof(event_id, submission)
    except ClientError as error:
        if error.status is not Exit.REFUSED or "reason" not in error.details:
            raise
        return f"{error.details['reason']}: {error.message.removeprefix('Invalid STARK proof: ')}"
    raise check_failed("a bad proof was accepted", {"event_id": str(event_id)})
