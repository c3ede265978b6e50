"""`ves push`: sign a file of events, send it in batches, verify and store every receipt."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from ves_client.commands.directory import LazyTrust
from ves_client.commands.options import ApiKey, KeyFile, PublicKey, Store, Tenant, Url
from ves_client.commands.output import JsonOption, note, out, print_json, print_line, progress
from ves_client.commands.settings import layers, open_sequencer
from ves_client.errors import Exit, check_failed, usage
from ves_client.event_lines import LineSigner, batches
from ves_client.receipts_file import Header, ReceiptsFile
from ves_client.sequencer import BODY_LIMIT, Rejection, Sequencer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from ves.receipts import Receipt
    from ves_client.event_lines import Line

SHOWN_REJECTIONS = 10


class Pusher:
    """Sends batches and counts accepted, replayed and rejected events."""

    def __init__(self, sequencer: Sequencer, trust: LazyTrust, receipts: ReceiptsFile) -> None:
        self._sequencer = sequencer
        self._trust = trust
        self._receipts = receipts
        self.accepted = 0
        self.replayed = 0
        self.rejections: list[Rejection] = []

    def send(self, batch: list[Line]) -> None:
        """Send one batch. ClientError: exit code 1 for a receipt that does not verify, 3 and 4 from the client."""
        answer = self._sequencer.ingest(batch[0].agent_id, [line.signed.text for line in batch])
        by_id = {line.signed.event_id: line for line in batch}
        pairs = [
            (self._checked(by_id.pop(receipt.event_id, None), receipt), text)
            for receipt, text in answer.decoded()
        ]
        if {rejection.event_id for rejection in answer.rejections} != by_id.keys():
            raise check_failed("the server did not answer for every event of a batch")
        self._receipts.append(pairs)
        self.accepted += answer.events_accepted
        self.replayed += len(pairs) - answer.events_accepted
        self.rejections += answer.rejections

    def _checked(self, line: Line | None, receipt: Receipt) -> bytes:
        if line is None:
            raise check_failed("the server sent a receipt for an event that was not asked about")
        findings = self._trust.get().check(receipt, line.tenant_id, line.store_id, line.signed.signing_hash)
        if findings:
            details = {"event_id": str(receipt.event_id), "findings": findings}
            raise check_failed("the server gave a receipt that does not verify", details)
        return line.signed.text


def _read_input(name: str) -> tuple[list[bytes], datetime]:
    if name == "-":
        return sys.stdin.buffer.read().splitlines(), datetime.now(UTC)
    path = Path(name)
    try:
        # Default `created_at` is the file's modification time, so that a repeated push gives identical events.
        return path.read_bytes().splitlines(), datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise usage(f"cannot read {name}: {error.strerror}") from error


def _report(pusher: Pusher, skipped: int, path: Path, *, signed: bool, as_json: bool) -> None:
    summary = {
        "accepted": pusher.accepted,
        "replayed": pusher.replayed,
        "already_receipted": skipped,
        "rejected": len(pusher.rejections),
        "signatures_verified": signed,
        "receipts_file": str(path),
        "rejections": msgspec.to_builtins(pusher.rejections),
    }
    if as_json:
        print_json(summary)
        return
    for rejection in pusher.rejections[:SHOWN_REJECTIONS]:
        print_line(f"rejected {rejection.event_id}: {rejection.reason} ({rejection.message})")
    out.print(
        f"{pusher.accepted} accepted, {pusher.replayed} replayed, {skipped} already had receipts, "
        f"{len(pusher.rejections)} rejected; receipts in {path}"
    )


def _send_all(pusher: Pusher, requests: Iterable[list[Line]], advance: Callable[[int], None]) -> None:
    for request in requests:
        pusher.send(request)
        advance(len(request))


def push(
    ctx: typer.Context,
    *,
    file: Annotated[str, typer.Argument(help="NDJSON file, - for stdin.")],
    receipts: Annotated[
        Path | None, typer.Option(help="Receipts file; FILE.receipts.ndjson by default.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=1000, help="Events in one request.")] = 200,
    tenant: Tenant = None,
    store: Store = None,
    key: KeyFile = None,
    public_key: PublicKey = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: JsonOption = False,
) -> None:
    """Sign events, send them, verify and store the receipts. Idempotent: the same file gives the same receipts.

    A line is {"entity_type", "entity_id", "event_type", "payload"} with optional command_id, base_version, event_id
    and created_at, or a complete signed envelope. Exit code 4 when events were rejected.
    """
    settings = layers()
    if file == "-" and receipts is None:
        raise usage("reading stdin needs --receipts FILE")
    tenant_id = settings.need_uuid("VES_TENANT_ID", tenant)
    store_id = settings.need_uuid("VES_STORE_ID", store)
    agent = settings.agent_key(key)
    trust = LazyTrust(public_key, ctx.obj)
    path = receipts or Path(f"{file}.receipts.ndjson")
    lines, changed_at = _read_input(file)
    header = Header(tenant_id, store_id, agent.agent_id, agent.key_id, changed_at.isoformat())
    skipped = 0

    def fresh(signed: Iterable[Line], known: set[UUID]) -> Iterable[Line]:
        nonlocal skipped
        for line in signed:
            if line.signed.event_id in known:
                skipped += 1
            else:
                yield line

    with (
        ReceiptsFile(path, header) as book,
        open_sequencer(url, api_key) as sequencer,
        progress("push", len(lines), "events", quiet=as_json) as advance,
    ):
        signer = LineSigner(agent, tenant_id, store_id, book.header.created_at)
        pusher = Pusher(sequencer, trust, book)
        _send_all(
            pusher,
            batches(fresh(signer.read(lines), book.known), max_events=batch, max_bytes=BODY_LIMIT),
            advance,
        )
    signed = bool(trust.get().keys)
    if not signed:
        note("no sequencer public key known: receipt hashes were checked, signatures were not (--public-key)")
    _report(pusher, skipped, path, signed=signed, as_json=as_json)
    raise typer.Exit(Exit.REFUSED if pusher.rejections else Exit.FINE)
