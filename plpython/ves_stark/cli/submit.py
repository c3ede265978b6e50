"""`ves-stark prove-submit`: fetch the inputs of an event, prove, submit. The only part that uses a network."""

from __future__ import annotations

import base64
import json
import os
from argparse import Namespace
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener
from uuid import UUID

from ves import json_decode
from ves_stark.binding import create_payload_amount_binding
from ves_stark.cli.common import (
    CliError,
    check_amount,
    check_inputs,
    note,
    parse_inputs,
    read_receipt,
    receipt_intent,
    requested_policy,
    say,
)
from ves_stark.cli.prove import prove_noisily
from ves_stark.inputs import CompliancePublicInputs
from ves_stark.policy import AGENT_AUTHORIZATION
from ves_stark.receipt import bind_receipt
from ves_stark.version import PROOF_TYPE, PROOF_VERSION

_TIMEOUT_SECONDS = 30
_MAX_ANSWER_BYTES = 16 * 1024 * 1024
_KEY = "STATESET_API_KEY"


class _NoRedirect(HTTPRedirectHandler):
    """Refuses redirects, so that the API key is sent only to the host that the user named."""

    def redirect_request(self, *_: Any) -> None:
        """Return no request: urllib then reports the redirect as an HTTP error."""


class Client:
    """A sequencer at a base URL."""

    def __init__(self, base_url: str, api_key: str) -> None:
        if urlsplit(base_url).scheme not in {"http", "https"}:
            raise CliError(f"not an http or https URL: {base_url}")
        self._base = base_url.rstrip("/") + "/api/v1/ves/compliance/"
        self._headers = {"Authorization": f"ApiKey {api_key}", "Content-Type": "application/json"}
        self._open = build_opener(_NoRedirect).open

    def call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the JSON object of the response to a GET, or to a POST if there is a body."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._base + path, data, self._headers)  # noqa: S310 - the scheme is checked
        try:
            with self._open(request, timeout=_TIMEOUT_SECONDS) as response:
                answer = json_decode.loads(response.read(_MAX_ANSWER_BYTES))
        except HTTPError as error:
            detail = error.read(_MAX_ANSWER_BYTES).decode(errors="replace").strip()
            raise CliError(f"{path}: HTTP {error.code}: {detail}") from error
        except (URLError, HTTPException, OSError) as error:
            raise CliError(f"{path}: {error}") from error
        except (ValueError, RecursionError) as error:
            raise CliError(f"{path}: the answer is not JSON") from error
        if not isinstance(answer, dict):
            raise CliError(f"{path}: the answer is not a JSON object")
        return answer


def _fetch_inputs(client: Client, options: Namespace, policy_json: dict[str, Any]) -> CompliancePublicInputs:
    note("Fetching canonical public inputs from sequencer...")
    note(f"  URL: {options.sequencer_url}")
    note(f"  Event ID: {options.event_id}")
    note(f"  Policy: {options.policy}")
    answer = client.call(f"{options.event_id}/inputs", policy_json)
    inputs = parse_inputs(answer.get("public_inputs"))
    if UUID(inputs.event_id) != options.event_id:
        raise CliError("the sequencer answered with the inputs of another event")
    return inputs


def _report(answer: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if answer.get(name) is not None:
            shown = answer[name]
            say(f"  {name}={str(shown).lower() if isinstance(shown, bool) else shown}")


def run(options: Namespace) -> int:
    """Print the stored proof's id and hashes; with ``--verify`` also the verification result of the sequencer."""
    receipt = read_receipt(options)
    if receipt is not None:
        if UUID(receipt["eventId"]) != options.event_id:
            raise CliError(f"the authorization receipt is for event {receipt['eventId']}")
        if options.amount != receipt["amount"]:
            raise CliError(
                f"Amount ({options.amount}) must match authorization receipt amount ({receipt['amount']})"
            )
    policy = requested_policy(options, receipt_intent(options, receipt))
    check_amount(options.amount, policy)
    key = os.environ.get(_KEY)
    if not key:
        raise CliError(f"{_KEY} environment variable is required.\nSet it with: export {_KEY}=your-api-key")
    client = Client(options.sequencer_url, key)
    policy_json = {"policyId": policy.policy_id, "policyParams": policy.params}
    inputs = _fetch_inputs(client, options, policy_json)
    check_inputs(inputs, policy)
    if receipt is not None:
        bind_receipt(inputs, create_payload_amount_binding(inputs, options.amount), receipt)
    elif policy.policy_id == AGENT_AUTHORIZATION:
        note("  Note: submitting a payload-bound proof only; no authorization receipt provided")
    proof = prove_noisily(options.amount, inputs, policy, options.preset)
    note("Submitting proof to sequencer...")
    body = policy_json | {
        "proofType": PROOF_TYPE,
        "proofVersion": PROOF_VERSION,
        "proofB64": base64.b64encode(proof.proof_bytes).decode(),
        "witnessCommitment": proof.witness_commitment_hex,
        "publicInputs": inputs.to_json(),
    }
    answer = client.call(f"{options.event_id}/proofs", body)
    say(f"Submitted proof_id={answer.get('proof_id')}")
    _report(answer, ("proof_hash", "policy_hash", "witness_commitment_hex"))
    return _verify_stored(client, answer) if options.verify else 0


def _verify_stored(client: Client, submitted: dict[str, Any]) -> int:
    note("Verifying stored proof via sequencer...")
    verdict = client.call(f"proofs/{submitted.get('proof_id')}/verify")
    valid = verdict.get("valid") is True
    say(f"Verified valid={str(valid).lower()}")
    _report(verdict, ("stark_valid", "stark_error", "stark_verification_time_ms"))
    return 0 if valid else 1
