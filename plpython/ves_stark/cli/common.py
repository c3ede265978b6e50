"""Helpers of the commands: reading, writing, the requested policy."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

from ves_stark.bundle import parse_json
from ves_stark.canonical import compute_policy_hash
from ves_stark.errors import InputsError
from ves_stark.fields import normal_hex64
from ves_stark.inputs import CompliancePublicInputs
from ves_stark.policy import AGENT_AUTHORIZATION, Policy
from ves_stark.receipt import normalize as normalize_receipt

_ZERO_HASH = "0" * 64
_NO_INTENT = (
    f"--intent-hash is required for {AGENT_AUTHORIZATION} unless it is already present in the public inputs"
)
_MICROSECONDS = 1e6


class CliError(Exception):
    """A failed command; the text is shown to the user."""


def say(line: str = "") -> None:
    """Print a line to stdout."""
    sys.stdout.write(line + "\n")


def note(line: str) -> None:
    """Print a progress line to stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class Stopwatch:
    """Wall time since its creation."""

    def __init__(self) -> None:
        self._start = perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return perf_counter() - self._start


def duration(seconds: float) -> str:
    """A duration with a fitting unit."""
    if seconds >= 1:
        return f"{seconds:.3f}s"
    return f"{seconds * 1e3:.3f}ms" if seconds >= 1 / 1e3 else f"{seconds * _MICROSECONDS:.3f}µs"


def read_text(path: str, label: str) -> str:
    """Text of a file, or of standard input for ``-``."""
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        place = "stdin" if path == "-" else f"file: {path}"
        raise CliError(f"Failed to read {label} {place} ({error})") from error


def read_json(path: str, label: str) -> Any:
    """JSON of a file or of standard input."""
    return parse_json(read_text(path, label), label)


def write_output(text: str, path: str | None, label: str) -> None:
    """Write to a file and report it on stderr, or print to stdout."""
    if path is None:
        say(text)
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CliError(f"Failed to write output file: {path} ({error})") from error
    note(f"{label} written to: {path}")


def read_inputs(path: str) -> CompliancePublicInputs:
    """Public inputs of a JSON file."""
    return parse_inputs(read_json(path, "public inputs JSON"))


def parse_inputs(value: Any) -> CompliancePublicInputs:
    """Public inputs of a JSON value."""
    try:
        return CompliancePublicInputs.from_json(value)
    except InputsError as error:
        raise CliError(f"Failed to parse public inputs JSON: {error.message}") from error


def read_receipt(options: Namespace) -> dict[str, Any] | None:
    """The authorization receipt that the options name, in normal form."""
    if options.authorization_receipt is None:
        return None
    if options.policy != AGENT_AUTHORIZATION:
        raise CliError(f"--authorization-receipt requires --policy {AGENT_AUTHORIZATION}")
    return normalize_receipt(read_json(options.authorization_receipt, "authorization receipt"))


def receipt_intent(options: Namespace, receipt: dict[str, Any] | None) -> str | None:
    """The intent hash of the options, or the receipt's; both must be equal if both are given."""
    given = None if options.intent_hash is None else normal_hex64(options.intent_hash, "--intent-hash")
    if receipt is None:
        return given
    if given not in {None, receipt["intentHash"]}:
        raise CliError("--intent-hash does not match authorization receipt.intentHash")
    intent: str = receipt["intentHash"]
    return intent


def requested_policy(
    options: Namespace, intent: str | None = None, inputs: CompliancePublicInputs | None = None
) -> Policy:
    """The policy that the options ask for; the intent hash may come from the inputs."""
    if intent is None and options.intent_hash is not None:
        intent = normal_hex64(options.intent_hash, "--intent-hash")
    if options.policy != AGENT_AUTHORIZATION:
        if intent is not None:
            raise CliError(f"--intent-hash is only valid for {AGENT_AUTHORIZATION}")
        policy = Policy.of(options.policy, _params(options.policy, options.limit))
    else:
        stated = None if inputs is None else inputs.policy_params.get("intentHash")
        if intent is not None and stated not in {None, intent}:
            raise CliError("--intent-hash does not match public_inputs.policyParams.intentHash")
        if intent is None and stated is None:
            raise CliError(_NO_INTENT)
        policy = Policy.agent_authorization(options.limit, intent or stated or "")
    if not policy.is_portable:
        raise CliError(
            f"limit {policy.limit} has two canonical forms above 2^53; the sequencer would refuse it"
        )
    return policy


def _params(policy_id: str, limit: int) -> dict[str, int]:
    return {"cap" if policy_id == "order_total.cap" else "threshold": limit}


def check_inputs(inputs: CompliancePublicInputs, policy: Policy) -> None:
    """Raise CliError unless the inputs name exactly the requested policy."""
    if inputs.policy_id != policy.policy_id:
        raise CliError(
            f"public inputs policyId {inputs.policy_id} does not match requested policy {policy.policy_id}"
        )
    if inputs.policy_params != policy.params:
        raise CliError("public inputs policyParams do not match the requested policy arguments")
    if inputs.policy_hash != compute_policy_hash(policy.policy_id, policy.params):
        raise CliError("public inputs policyHash does not match the requested policy arguments")


def check_amount(amount: int, policy: Policy) -> None:
    """Raise CliError unless the amount meets the policy."""
    if not policy.allows(amount):
        raise CliError(
            f"Amount ({amount}) must be {policy.comparison} limit ({policy.limit}) "
            f"for {policy.policy_id} policy"
        )


def random_inputs(policy: Policy) -> CompliancePublicInputs:
    """Public inputs of an invented event (STARK 17)."""
    return CompliancePublicInputs(
        event_id=str(uuid4()),
        tenant_id=str(uuid4()),
        store_id=str(uuid4()),
        sequence_number=1,
        payload_kind=1,
        payload_plain_hash=_ZERO_HASH,
        payload_cipher_hash=_ZERO_HASH,
        event_signing_hash=_ZERO_HASH,
        policy_id=policy.policy_id,
        policy_params=policy.params,
        policy_hash=compute_policy_hash(policy.policy_id, policy.params),
    )
