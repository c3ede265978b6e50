"""Verification of one proof in a child process."""

from __future__ import annotations

import base64
from time import perf_counter_ns

import msgspec

from ves_stark import registry

_NS_PER_MS = 1_000_000


class Question(msgspec.Struct):
    """A proof to verify; `public_inputs` and `payload` are JSON texts, `payload` None when it is encrypted."""

    proof_type: str
    proof: str
    public_inputs: str
    witness: str
    payload: str | None


class Verdict(msgspec.Struct):
    """The result; `error` None means that the proof verifies. `options` are hex."""

    error: str | None
    reason: str | None
    amount_binding: str
    options: str | None
    milliseconds: int


def answer(question: Question) -> Verdict:
    """Judge one proof."""
    start = perf_counter_ns()
    judged = registry.judge(
        question.proof_type,
        base64.b64decode(question.proof),
        question.public_inputs,
        bytes.fromhex(question.witness),
        question.payload,
    )
    elapsed = (perf_counter_ns() - start) // _NS_PER_MS
    options = None if judged.options is None else judged.options.hex()
    return Verdict(judged.error, judged.reason, judged.amount_binding, options, elapsed)
