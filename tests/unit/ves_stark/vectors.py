"""The shared STARK vectors, read once, and what the tests make of them."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from random import Random
from uuid import UUID

from ves_stark import CompliancePublicInputs, compute_policy_hash
from ves_stark.layout import Statement
from ves_stark.options import Options

ROOT = Path(__file__).resolve().parents[2] / "vectors" / "stark"
DEFAULT_CASES = [
    "aml_default",
    "aml_default_borrow_big",
    "aml_default_boundary",
    "cap_default_equal",
    "cap_default_zero_amount",
]
SECURE_CASES = ["aml_secure", "cap_secure"]
FAST_CASES = ["aml_fast_unaccepted"]
ACCEPTED_CASES = DEFAULT_CASES + SECURE_CASES
ALL_CASES = ACCEPTED_CASES + FAST_CASES


@cache
def load(name):
    return json.loads((ROOT / f"{name}.json").read_text())


class Case:
    """One proof of the original's prover."""

    def __init__(self, name):
        self.data = data = load(f"proof_{name}")
        self.amount = int(data["amount"])
        self.limbs = [int(limb) for limb in data["witnessCommitment"]]
        self.proof = base64.b64decode(data["proofB64"])
        self.inputs = CompliancePublicInputs.from_json(data["publicInputs"])
        self.statement = Statement(
            int(data["effectiveLimit"]), tuple(data["publicInputElements"]), tuple(self.limbs)
        )
        told = data["options"]
        self.options = Options(
            told["numQueries"],
            told["blowup"],
            told["grinding"],
            told["extensionDegree"],
            told["friFolding"],
            told["friRemainderMaxDegree"],
        )


@cache
def case(name):
    return Case(name)


def fresh_inputs(name="aml_default"):
    """A copy that a test may change."""
    return CompliancePublicInputs.from_json(load(f"proof_{name}")["publicInputs"])


def inputs_for(policy, seed):
    """Public inputs of an invented event."""
    source = Random(seed)
    ids = [str(UUID(int=source.getrandbits(128))) for _ in range(3)]
    hashes = [source.randbytes(32).hex() for _ in range(3)]
    return CompliancePublicInputs(
        *ids,
        source.choice([1, 42, 2**40 + 3]),
        source.choice([0, 1]),
        *hashes,
        policy.policy_id,
        policy.params,
        compute_policy_hash(policy.policy_id, policy.params),
    )
