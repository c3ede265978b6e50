"""`ves prove`: fetch an inclusion proof and save it with its commitment and event for offline verification."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
import orjson
import typer

from ves_client.commands.options import ApiKey, Store, Tenant, Url
from ves_client.commands.output import JsonOption, out, print_json
from ves_client.commands.settings import layers, open_sequencer
from ves_client.errors import ClientError, Exit, check_failed, usage
from ves_client.evidence import Evidence, check_proof, read_evidence

Json = dict[str, Any]


def covering(commitments: Iterable[Json], sequence_number: int) -> Json:
    """Find the commitment that covers a number; exit code 4 when none does."""
    for commitment in commitments:
        if commitment["sequence_start"] <= sequence_number <= commitment["sequence_end"]:
            return commitment
    raise ClientError(
        Exit.REFUSED,
        "not_committed",
        f"number {sequence_number} is in no unanchored commitment of this stream",
    )


def _find_event(path: Path, sequence_number: int) -> Evidence:
    for evidence in read_evidence(path):
        if (
            bytes(evidence.receipt)
            and orjson.loads(bytes(evidence.receipt))["sequenceNumber"] == sequence_number
        ):
            return evidence
    raise usage(f"{path} has no receipt for number {sequence_number}")


def prove(
    *,
    sequence_number: Annotated[int, typer.Argument(min=1, help="Sequence number of the event.")],
    tenant: Tenant = None,
    store: Store = None,
    batch: Annotated[
        UUID | None, typer.Option("--batch", help="Commitment; looked up when left out.")
    ] = None,
    receipts: Annotated[
        Path | None, typer.Option(help="Receipts file of `ves push`: puts the event into the proof file.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the proof file here.")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch the inclusion proof of an event, check it, and write it for `ves verify proof`."""
    settings = layers()
    tenant_id = settings.need_uuid("VES_TENANT_ID", tenant)
    store_id = settings.need_uuid("VES_STORE_ID", store)
    known = _find_event(receipts, sequence_number) if receipts else Evidence()
    with open_sequencer(url, api_key) as sequencer:
        if batch is None:
            commitment = covering(sequencer.list_commitments(tenant_id, store_id), sequence_number)
        else:
            commitment = sequencer.get_commitment(batch)
        proof = sequencer.get_proof(tenant_id, store_id, sequence_number, UUID(commitment["batch_id"]))
    evidence = Evidence(
        event=known.event,
        receipt=known.receipt,
        proof=msgspec.Raw(orjson.dumps(proof)),
        commitment=msgspec.Raw(orjson.dumps(commitment)),
    )
    findings = check_proof(evidence)
    if findings:
        raise check_failed("the server's proof does not verify", {"findings": findings})
    if output:
        output.write_bytes(msgspec.json.format(msgspec.json.encode(evidence.document())) + b"\n")
    if as_json:
        print_json({name: orjson.loads(bytes(raw)) for name, raw in evidence.document().items()})
        return
    out.print(f"number     {sequence_number}, leaf {proof['leaf_index']} of {commitment['leaf_count']}")
    out.print(f"commitment {commitment['batch_id']}\nroot       {commitment['merkle_root']}")
    out.print(f"path       {len(proof['proof_path'])} hashes; the proof verifies")
    if output:
        out.print(f"written to {output}; check it again with `ves verify proof {output}`")
