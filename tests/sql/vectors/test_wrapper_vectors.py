"""Vectors through SQL functions, PL/Python and others: they are the bytes of the library."""

from __future__ import annotations

import json
import re

import pytest

from tests.sql.vectors.conftest import sqlstate_of
from tests.unit.ves.vectors import load, unhex

JCS = load("jcs")
MERKLE = load("merkle")
PROOFS = load("policy_and_proofs")
AT_REST = load("at_rest")


def uuids(source, *names):
    return [(source[name], "uuid") for name in names]


def number(value, kind="integer"):
    return value, kind


@pytest.mark.parametrize("case", JCS["cases"], ids=lambda case: case["name"])
def test_canonical_json(call, case):
    assert call("plain_json", case["json_text"]) == case["legacy_serialization"]


@pytest.mark.parametrize("text", JCS["rejected_json_texts"])
def test_rejected_texts(call, text):
    assert sqlstate_of(lambda: call("plain_json", text)) == "VE001"


def test_stream_ids_trees_and_the_chain_of_commitments(call):
    stream = uuids(MERKLE, "tenant_id", "store_id")
    identity = call("stream_id", *stream)
    assert identity.hex() == MERKLE["stream_id"]
    assert call("stream_lock_key", *stream) == MERKLE["advisory_lock_key"]
    previous = bytes(32)
    for row in MERKLE["commitment_chain"]:
        root, start, end = unhex(row["merkle_root"]), row["sequence_start"], row["sequence_end"]
        previous = call("state_root", identity, previous, root, start, end, number(row["leaf_count"]))
        assert previous.hex() == row["new_state_root"]


@pytest.mark.parametrize("policy", PROOFS["policies"], ids=lambda policy: policy["policy_id"])
def test_policies_and_public_inputs(call, policy):
    digest = call("policy_hash", policy["policy_id"], policy["policy_params_json_text"])
    assert digest.hex() == policy["policy_hash"]
    inputs = call("public_inputs_hash", policy["public_inputs_json_text"])
    assert inputs.hex() == policy["public_inputs_hash"]


def test_the_hash_of_validity_inputs(call):
    inputs = PROOFS["validity_public_inputs"]
    assert call("public_inputs_hash", inputs["json_text"]).hex() == inputs["hash"]


def test_validity_inputs(shared):
    vector = PROOFS["validity_public_inputs"]
    columns = {
        re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name): f"\\x{value}"
        if name.endswith("Root")
        else value
        for name, value in json.loads(vector["json_text"]).items()
    }
    with shared.connect() as connection:
        row = connection.execute(
            "select ves_int.validity_inputs_text(jsonb_populate_record(null::ves_store.ves_commitments, %s::jsonb))",
            [json.dumps(columns)],
        ).fetchone()
    assert row == (vector["json_text"],)


def at_rest_aad(call, case):
    if "kind" not in case:
        ids = uuids(case, "tenant_id", "store_id", "event_id")
        texts = [case[name] for name in ("entity_type", "entity_id", "event_type")]
        return call("at_rest_payload_aad", *ids, int(case["sequence_number"]), *texts)
    tail = number(case["proof_version"]), case["proof_type"], unhex(case["proof_hash"])
    if case["kind"] == "validity":
        ids = uuids(case, "tenant_id", "store_id", "batch_id", "proof_id")
        return call("at_rest_validity_aad", *ids, *tail)
    ids = uuids(case, "tenant_id", "store_id", "event_id", "proof_id")
    return call("at_rest_compliance_aad", *ids, unhex(case["policy_hash"]), *tail)


@pytest.mark.parametrize("case", [*AT_REST["payloads"], *AT_REST["proofs"]])
def test_additional_data_at_rest(call, case):
    assert at_rest_aad(call, case) == unhex(case["aad"])
