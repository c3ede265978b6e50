"""`ves story`: minimal end-to-end run with explanations; the last step of `make up`."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import msgspec
import orjson
import typer

from ves import json_decode
from ves.receipts import Receipt
from ves_api.cli.settings import layers
from ves_client.agent import AgentKey, Event, Signed, sign_event
from ves_client.commands.directory import LazyTrust
from ves_client.commands.options import ApiKey, PublicKey, Url
from ves_client.commands.output import JsonOption, out, print_json
from ves_client.commands.settings import open_sequencer
from ves_client.errors import check_failed
from ves_client.evidence import Evidence, check_proof, check_receipt
from ves_client.sequencer import IngestAnswer, Sequencer
from ves_client.trust import Trust

Json = dict[str, Any]
PLOT = (
    ("customer", "ada", "customer.created", {"name": "Ada", "since": 1997}),
    ("order", "ORD-1001", "order.created", {"customer": "ada", "items": 2, "totalCents": 2933}),
    ("order", "ORD-1001", "order.confirmed", {"totalCents": 2933, "currency": "USD"}),
)
SHOWN_EVENT = 2


@dataclass(frozen=True, slots=True)
class Stage:
    """A new tenant with one store and one agent whose key is registered."""

    sequencer: Sequencer
    trust: LazyTrust
    tenant_id: UUID
    store_id: UUID
    key: AgentKey


def set_up(sequencer: Sequencer, trust: LazyTrust) -> Stage:
    """Generate ids of a tenant, a store and an agent, and register the agent's key."""
    stage = Stage(sequencer, trust, uuid4(), uuid4(), AgentKey.new(uuid4(), 1))
    sequencer.register_agent_key(stage.tenant_id, stage.key.agent_id, 1, stage.key.public_key)
    return stage


def sign_plot(stage: Stage) -> list[Signed]:
    """Sign the three events."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return [
        sign_event(
            stage.key,
            stage.tenant_id,
            stage.store_id,
            Event(uuid4(), entity_type, entity_id, event_type, now, orjson.dumps(payload)),
        )
        for entity_type, entity_id, event_type, payload in PLOT
    ]


def send(stage: Stage, signed: list[Signed]) -> tuple[IngestAnswer, list[Evidence]]:
    """Send the events and verify each receipt offline; returns the response and the receipts. Exit code 1 on failure."""
    answer = stage.sequencer.ingest(stage.key.agent_id, [event.text for event in signed])
    receipts = {receipt.event_id: text for receipt, text in answer.decoded()}
    if receipts.keys() != {event.event_id for event in signed}:
        raise check_failed(
            "not every event has a receipt", {"rejections": msgspec.to_builtins(answer.rejections)}
        )
    evidence = [Evidence(msgspec.Raw(event.text), msgspec.Raw(receipts[event.event_id])) for event in signed]
    for item in evidence:
        if findings := check_receipt(item, stage.trust.get(), stage.key.public_key):
            raise check_failed("a receipt does not verify", {"findings": findings})
    return answer, evidence


def prove(stage: Stage, commitment: Json, item: Evidence) -> Evidence:
    """Fetch the inclusion proof of an event and verify it offline. Exit code 1 on failure."""
    number = json_decode.decode(item.receipt, type=Receipt).sequence_number
    proof = stage.sequencer.get_proof(stage.tenant_id, stage.store_id, number, UUID(commitment["batch_id"]))
    proven = msgspec.structs.replace(
        item, proof=msgspec.Raw(orjson.dumps(proof)), commitment=msgspec.Raw(orjson.dumps(commitment))
    )
    if findings := check_proof(proven):
        raise check_failed("the inclusion proof does not verify", {"findings": findings})
    return proven


def _tell_receipts(stage: Stage, evidence: list[Evidence]) -> None:
    out.print(f"tenant {stage.tenant_id}  store {stage.store_id}")
    out.print(f"agent  {stage.key.agent_id}  key 1 registered: {stage.key.public_key.hex()[:16]}…")
    how = "verified" if stage.trust.get().keys else "hash verified, no public key to check the signature with"
    for (_, entity_id, event_type, _), item in zip(PLOT, evidence, strict=True):
        receipt = json_decode.decode(item.receipt, type=Receipt)
        out.print(
            f"  #{receipt.sequence_number} {event_type:<16} {entity_id:<9} receipt {receipt.receipt_hash[:16]}… {how}"
        )


def _tell_ending(evidence: Evidence, trust: Trust, file: Path | None) -> None:
    out.print("a verified receipt:")
    out.print(orjson.dumps(orjson.loads(bytes(evidence.receipt)), option=orjson.OPT_INDENT_2).decode())
    if file:
        verify = [sys.argv[0], "verify"]
        out.print(f"check it yourself: {shlex.join([*verify, 'proof', str(file)])}")
        if trust.keys:
            keys = ",".join(key.hex() for key in trust.keys)
            out.print(
                f"                   {shlex.join([*verify, 'receipt', str(file), '--public-key', keys])}"
            )


def _keep(evidence: Evidence, folder: Path | None) -> Path | None:
    if folder is None:
        return None
    file = folder / "story.json"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(evidence.document())) + b"\n")
    except OSError:  # failing to write the file is not an error: every check has passed
        return None
    return file


def story(
    ctx: typer.Context,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the proof file; by default that of .ves/env."),
    ] = None,
    public_key: PublicKey = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: JsonOption = False,
) -> None:
    """Send three signed events to a new tenant; verify receipts, a commitment and a proof offline."""
    settings = layers()
    trust = LazyTrust(public_key, ctx.obj)
    with open_sequencer(url, api_key) as sequencer:
        stage = set_up(sequencer, trust)
        signed = sign_plot(stage)
        answer, evidence = send(stage, signed)
        if not as_json:
            _tell_receipts(stage, evidence)
        again, repeated = send(stage, signed)
        if again.events_accepted or repeated != evidence:
            raise check_failed("the same batch again was not answered with the same receipts")
        first, last = answer.sequence_start or 1, answer.sequence_end or len(PLOT)
        commitment = sequencer.create_commitment(stage.tenant_id, stage.store_id, first, last)
        proven = prove(stage, commitment, evidence[SHOWN_EVENT - 1])
    file = _keep(proven, output or (settings.path.parent if settings.path else None))
    if as_json:
        document = {name: orjson.loads(bytes(raw)) for name, raw in proven.document().items()}
        print_json({"verified": True, "signature_verified": bool(trust.get().keys), **document})
        return
    out.print("  the same batch again: nothing accepted, the same receipts byte for byte")
    out.print(
        f"committed {first}..{last}: root {commitment['merkle_root'][:16]}…, proof of #{SHOWN_EVENT} verified"
    )
    _tell_ending(proven, trust.get(), file)
