"""Proving from the outbox that a recorded amount meets a policy (STARK, http-api 5.2); needs the extra `stark`."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import ves_stark
from ves_client.errors import check_failed, usage
from ves_client.outbox_rows import event_of
from ves_stark.registry import payload_amount

if TYPE_CHECKING:
    from uuid import UUID

    from ves_client.agent import Event
    from ves_client.outbox import Outbox
    from ves_client.sequencer import Sequencer

Json = dict[str, Any]


def prove_policy(outbox: Outbox, sequencer: Sequencer, event_id: UUID, policy: Json) -> Json:
    """Prove that the amount of a sequenced event meets a policy, and submit the proof; returns the stored one.

    `policy` has `policyId` and `policyParams`. The amount is that of the payload in the file, which a sealed event has too
    until it is pruned; proving takes place here. A repeat is answered with the stored proof. ClientError: exit code 2 if
    the event is not in the file or has no amount or the amount violates the policy, 1 if the sequencer names another event
    than the one that was signed, 3 and 4 from the transport.
    """
    event, number, signing_hash = _sequenced(outbox, event_id)
    amount = payload_amount(event.payload.decode())
    if amount is None:
        raise usage(f"the payload of {event_id} holds no amount")
    told = sequencer.compliance_inputs(event_id, policy)["public_inputs"]
    try:
        inputs = ves_stark.CompliancePublicInputs.from_json(told)
        named = (inputs.event_id, inputs.tenant_id, inputs.store_id, inputs.sequence_number)
        signed = (str(event_id), str(outbox.tenant_id), str(outbox.store_id), number)
        if (*named, inputs.event_signing_hash) != (*signed, signing_hash.hex()):
            raise check_failed("the server names the inputs of another event", {"event_id": str(event_id)})
        proof = ves_stark.prove(
            amount, inputs, ves_stark.Policy.of(policy["policyId"], policy["policyParams"])
        )
    except ves_stark.StarkError as error:
        raise usage(f"this cannot be proved: {error}") from error
    submission = {
        **policy,
        "proofType": ves_stark.PROOF_TYPE,
        "proofVersion": ves_stark.PROOF_VERSION,
        "proofB64": base64.b64encode(proof.proof_bytes).decode(),
        "witnessCommitment": proof.witness_commitment_hex,
    }
    return sequencer.submit_compliance_proof(event_id, submission)


def _sequenced(outbox: Outbox, event_id: UUID) -> tuple[Event, int, bytes]:
    """Read an event with its number and signing hash; exit code 2 if it was pruned or has no receipt."""
    with outbox.transaction() as connection:
        row = connection.execute(
            "select event_id, entity_type, entity_id, event_type, created_at, payload, command_id, base_version,"
            " sequence_number, signing_hash from outbox join ves_receipts using (event_id) where event_id = ?",
            (str(event_id),),
        ).fetchone()
    if row is None:
        raise usage(f"event {event_id} is not in the outbox with a receipt")
    return event_of(row[:8]), row[8], row[9]
