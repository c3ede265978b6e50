"""Validity proofs over REST: inputs, storing, conflicts, verdicts, permissions."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.api.proofs import VALIDITY
from tests.api.support import Agent, assert_error
from tests.api.test_commitments_and_proofs import commit
from tests.api.test_credentials import mint
from ves.canonical import plain_value
from ves.digests import validity_proof_hash

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

SENT = {"proofType": "plonk", "proofB64": "AAAA"}


@pytest.fixture
def batch(admin: httpx.Client, agent: Agent) -> dict[str, Any]:
    """A commitment of three events."""
    agent.ingest(admin, *[agent.event() for _ in range(3)])
    committed: dict[str, Any] = commit(admin, agent, 1, 3).json()
    return committed


def submit(client: httpx.Client, batch: dict[str, Any], **changes: Any) -> httpx.Response:
    return client.post(f"{VALIDITY}/{batch['batch_id']}/proofs", json=SENT | changes)


def inputs_of(client: httpx.Client, batch: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = client.get(f"{VALIDITY}/{batch['batch_id']}/inputs").json()
    return body


def test_the_inputs_are_the_fifteen_of_the_commitment(admin: httpx.Client, batch: dict[str, Any]) -> None:
    got = inputs_of(admin, batch)
    inputs = got["public_inputs"]
    assert inputs == {
        "batchId": batch["batch_id"],
        "tenantId": batch["tenant_id"],
        "storeId": batch["store_id"],
        "vesVersion": 1,
        "treeDepth": 2,
        "leafCount": 3,
        "paddedLeafCount": 4,
        "merkleRoot": batch["merkle_root"],
        "prevStateRoot": "00" * 32,
        "newStateRoot": batch["new_state_root"],
        "sequenceStart": 1,
        "sequenceEnd": 3,
        "allCompliant": True,
        "policyHash": "0" * 64,
        "policyLimit": 0,
    }
    assert got["public_inputs_hash"] == hashlib.sha256(plain_value(inputs)).hexdigest()


def test_a_proof_is_stored_once_listed_fetched_and_checked(
    admin: httpx.Client, batch: dict[str, Any], api_database: Database
) -> None:
    first = submit(admin, batch, publicInputs=inputs_of(admin, batch)["public_inputs"])
    assert first.status_code == 200, first.text
    stored = first.json()
    assert set(stored) == {
        "proof_id", "batch_id", "tenant_id", "store_id", "proof_type", "proof_version", "proof_hash",
        "public_inputs", "submitted_at",
    }  # fmt: skip
    assert stored["proof_hash"] == validity_proof_hash(bytes(3)).hex()
    assert submit(admin, batch).content == first.content
    assert admin.get(f"{VALIDITY}/{batch['batch_id']}/proofs").json() == {
        "batch_id": batch["batch_id"], "proofs": [stored], "count": 1,
    }  # fmt: skip
    assert admin.get(f"{VALIDITY}/proofs/{stored['proof_id']}").json() == stored | {"proof_b64": "AAAA"}
    verdict = admin.get(f"{VALIDITY}/proofs/{stored['proof_id']}/verify").json()
    assert (verdict["valid"], verdict["reason"], verdict["stark_valid"]) == (True, None, None)
    assert verdict["public_inputs_hash"] == verdict["canonical_public_inputs_hash"]
    with api_database.connect("ves_reader") as reader:
        row = reader.execute(
            "select valid from ves.verify_validity_proof(%s)", [stored["proof_id"]]
        ).fetchone()
    assert row == (True,)


def test_other_bytes_in_the_same_place_are_a_conflict(admin: httpx.Client, batch: dict[str, Any]) -> None:
    assert submit(admin, batch).status_code == 200
    error = assert_error(submit(admin, batch, proofB64="AAAB"), 409, "ALREADY_EXISTS")
    assert error["details"]["field"] == "proof"
    assert submit(admin, batch, proofB64="AAAB", proofVersion=2).status_code == 200


def test_a_batch_stark_is_stored_and_never_called_valid(admin: httpx.Client, batch: dict[str, Any]) -> None:
    assert_error(submit(admin, batch, proofType="StarkBatch"), 400, "INVALID_FIELD_VALUE")
    stored = submit(admin, batch, proofType="StarkBatch", proofVersion=2).json()
    verdict = admin.get(f"{VALIDITY}/proofs/{stored['proof_id']}/verify").json()
    assert (verdict["valid"], verdict["reason"]) == (False, "stark_unsupported")
    assert verdict["stark_valid"] is None
    assert "not supported" in verdict["stark_error"]


def test_bad_members_are_refused(admin: httpx.Client, batch: dict[str, Any]) -> None:
    inputs = inputs_of(admin, batch)["public_inputs"]
    for change, field in (
        ({"proofType": ""}, "proofType"),
        ({"proofB64": "="}, "proofB64"),
        ({"proofVersion": 0}, "proofVersion"),
        ({"publicInputs": inputs | {"leafCount": 3.0}}, "publicInputs"),
    ):
        error = assert_error(submit(admin, batch, **change), 400, "INVALID_FIELD_VALUE")
        assert error["details"]["field"] == field


def test_storing_needs_admin_and_reading_needs_read_in_the_same_tenant(
    server: Server, api_database: Database, agent: Agent, admin: httpx.Client, batch: dict[str, Any]
) -> None:
    stored = submit(admin, batch).json()
    with server.client(mint(api_database, agent.tenant_id)) as member:
        assert_error(submit(member, batch), 403, "INSUFFICIENT_PERMISSIONS")
        assert member.get(f"{VALIDITY}/proofs/{stored['proof_id']}").status_code == 200
    with server.client(mint(api_database, uuid.uuid4(), admin=True)) as stranger:
        assert_error(submit(stranger, batch), 404, "RESOURCE_NOT_FOUND")
        for path in (
            f"{batch['batch_id']}/proofs",
            f"{batch['batch_id']}/inputs",
            f"proofs/{stored['proof_id']}",
        ):
            assert_error(stranger.get(f"{VALIDITY}/{path}"), 404, "RESOURCE_NOT_FOUND")


def test_a_row_of_another_stream_is_refused_by_the_tables_themselves(
    api_database: Database, admin: httpx.Client, agent: Agent, batch: dict[str, Any]
) -> None:
    event = agent.event()
    agent.ingest(admin, event)
    subjects = {"compliance": ("event_id", event["event_id"]), "validity": ("batch_id", batch["batch_id"])}
    with api_database.connect() as owner:
        for kind, (column, subject) in subjects.items():
            extra = "policy_id, policy_params, policy_hash, amount_binding, " if kind == "compliance" else ""
            values = "'p', '{}', sha256(''), 'bound', " if kind == "compliance" else ""
            with pytest.raises(psycopg.Error) as refusal:
                owner.execute(
                    f"""insert into ves_store.ves_{kind}_proofs (tenant_id, store_id, {column}, proof_id, proof_type,
                      proof_version, {extra}proof, proof_hash, public_inputs, public_inputs_hash, submitted_at)
                    values (%s, %s, %s, %s, 'x', 1, {values}'x', sha256(''), '{{}}', sha256(''), now())""",
                    [agent.tenant_id, uuid.uuid4(), subject, uuid.uuid4()],
                )
            assert refusal.value.sqlstate == "VE623"
