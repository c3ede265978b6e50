"""`ves agent`: an agent's outbox from the command line (operations 14)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec
import typer

from ves.errors import ProtocolError
from ves.receipts import decode_receipt
from ves_client.commands.directory import offline_trust
from ves_client.commands.options import ApiKey, KeyFile, PublicKey, Store, Tenant, Url
from ves_client.commands.output import JsonOption, out, print_json, progress, show
from ves_client.commands.seal import Payload, read_text
from ves_client.commands.settings import layers, open_sequencer
from ves_client.commands.verify import report
from ves_client.contradictions import check_contradiction, decode_contradiction, describe
from ves_client.errors import Exit, usage
from ves_client.outbox import Outbox
from ves_client.pull import pull
from ves_client.sync import push

if TYPE_CHECKING:
    from ves_client.trust import Trust

File = Annotated[str | None, typer.Option("--outbox", help="Outbox file [VES_OUTBOX].")]
EventId = Annotated[UUID, typer.Argument(help="Event UUID, as `ves agent refused` shows it.")]
Evidence = Annotated[Path, typer.Argument(help="Evidence file of a sync.", exists=True, dir_okay=False)]


def open_outbox(
    file: str | None,
    key: str | None,
    tenant: str | None = None,
    store: str | None = None,
    *,
    new: bool = False,
) -> Outbox:
    """Open the outbox that the flags or the settings name; exit code 2 if there is none, unless `new`."""
    settings = layers()
    path = Path(settings.need("VES_OUTBOX", file))
    if not new and not path.exists():
        raise usage(f"no outbox {path}: make one with `ves agent init`")
    return Outbox(
        path,
        settings.agent_key(key),
        settings.need_uuid("VES_TENANT_ID", tenant),
        settings.need_uuid("VES_STORE_ID", store),
    )


def init(
    *,
    outbox: File = None,
    key: KeyFile = None,
    tenant: Tenant = None,
    store: Store = None,
    public_key: PublicKey = None,
    as_json: JsonOption = False,
) -> None:
    """Make an outbox for one stream, and pin the sequencer's public key; repeat it to pin another key."""
    trust = offline_trust(public_key)
    if not trust.keys:
        raise usage("no sequencer public key to pin: give --public-key (see `ves keys sequencer`)")
    with open_outbox(outbox, key, tenant, store, new=True) as made:
        made.pin(trust.keys)
        answer = {"outbox": str(made.path), "agent_id": made.key.agent_id, "pinned": list(trust.keys)}
        show(answer, f"outbox {made.path} of agent {made.key.agent_id}; {len(trust.keys)} pinned", as_json)


def record(
    *,
    payload: Payload,
    entity_type: Annotated[str, typer.Option("--entity-type")],
    entity_id: Annotated[str, typer.Option("--entity-id")],
    event_type: Annotated[str, typer.Option("--event-type")],
    base_version: Annotated[int | None, typer.Option(min=0, help="Expected version of the entity.")] = None,
    command_id: Annotated[UUID | None, typer.Option(help="Command UUID.")] = None,
    outbox: File = None,
    key: KeyFile = None,
    as_json: JsonOption = False,
) -> None:
    """Sign an event and store it in the outbox; no server is needed."""
    with open_outbox(outbox, key) as opened:
        try:
            event_id = opened.record(
                entity_type,
                entity_id,
                event_type,
                read_text(payload).strip(),
                base_version=base_version,
                command_id=command_id,
            )
        except (ProtocolError, UnicodeError) as error:
            raise usage(f"this cannot be recorded: {error}") from None
        show({"event_id": event_id}, f"recorded {event_id}", as_json)


def status(*, outbox: File = None, key: KeyFile = None, as_json: JsonOption = False) -> None:
    """Count the events by state. Exit code 1 if a contradiction of the sequencer has stopped the sync."""
    with open_outbox(outbox, key) as opened:
        found = opened.status()
    document = msgspec.to_builtins(found)
    width = max(len(name) for name in document)
    show(document, "\n".join(f"{name:<{width}}  {value}" for name, value in document.items()), as_json)
    raise typer.Exit(Exit.CHECK_FAILED if found.contradiction else Exit.FINE)


def sync(
    *,
    outbox: File = None,
    key: KeyFile = None,
    public_key: PublicKey = None,
    url: Url = None,
    api_key: ApiKey = None,
    batch: Annotated[int, typer.Option(min=1, max=1000, help="Events in one request.")] = 200,
    deadline: Annotated[
        float | None, typer.Option(min=0, help="Begin no batch after so many seconds.")
    ] = None,
    pulls: Annotated[bool, typer.Option("--pull", help="Then fetch the stream's new events.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send the outbox, verify and store the receipts; may be interrupted and repeated.

    Receipts, and with --pull the events of all agents, must verify under the pinned key, or under --public-key. Exit
    code 1 if one does not or the sequencer contradicts itself (an evidence file is then beside the outbox), 4 if
    events were refused: they are held.
    """
    with open_outbox(outbox, key) as opened, open_sequencer(url, api_key) as sequencer:
        before = opened.status()
        with progress("sync", before.local + before.pushed, "events", quiet=as_json) as advance:
            done = push(
                opened,
                sequencer,
                _trust(opened, public_key),
                on_receipt=lambda *_: advance(1),
                batch=batch,
                deadline=deadline,
            )
        pulled = pull(opened, sequencer, _trust(opened, public_key), deadline=deadline) if pulls else None
    text = f"{done.accepted} accepted, {done.replayed} replayed, {done.refused} refused"
    document = dataclasses.asdict(done)
    if pulled:
        text = f"{text}, {pulled.events} pulled"
        document |= {"pulled": dataclasses.asdict(pulled)}
    complete = done.complete and (pulled is None or pulled.complete)
    show(document, text if complete else f"{text}; not complete", as_json)
    raise typer.Exit(Exit.REFUSED if done.refused else Exit.FINE)


def refused(
    *,
    dropped: Annotated[bool, typer.Option("--dropped", help="Those that were dropped instead.")] = False,
    outbox: File = None,
    key: KeyFile = None,
    as_json: JsonOption = False,
) -> None:
    """List the refused events with their reasons."""
    with open_outbox(outbox, key) as opened:
        found = opened.refused(dropped=dropped)
    if as_json:
        print_json([{"event_id": it.event_id, "reason": it.reason, "message": it.message} for it in found])
        return
    for item in found:
        out.print(f"{item.event_id} {item.event.entity_type}/{item.event.entity_id} {item.reason}")


def release(
    *,
    event_id: EventId,
    outbox: File = None,
    key: KeyFile = None,
    resign: Annotated[
        bool, typer.Option("--sign-again", help="Sign it with the key of --key first.")
    ] = False,
) -> None:
    """Send a refused event again with the next sync."""
    with open_outbox(outbox, key) as opened:
        found = [item for item in opened.refused() if item.event_id == event_id]
        if resign and found:
            opened.replace(event_id, found[0].event)
        else:
            opened.release(event_id)


def drop(*, event_id: EventId, outbox: File = None, key: KeyFile = None) -> None:
    """Never send a refused event again."""
    with open_outbox(outbox, key) as opened:
        opened.drop(event_id)


def prune(
    *,
    days: Annotated[float, typer.Option(min=0, help="Keep what is younger.")] = 30.0,
    outbox: File = None,
    key: KeyFile = None,
    as_json: JsonOption = False,
) -> None:
    """Delete acked and dropped events; their receipts stay."""
    with open_outbox(outbox, key) as opened:
        count = opened.prune(timedelta(days=days))
    show({"pruned": count}, f"{count} pruned", as_json)


def verify(
    *, outbox: File = None, key: KeyFile = None, public_key: PublicKey = None, as_json: JsonOption = False
) -> None:
    """Check every stored receipt offline under the pinned key, or under --public-key."""
    findings: list[dict[str, Any]] = []
    checked = 0
    with open_outbox(outbox, key) as opened:
        trust = _trust(opened, public_key)
        for item in opened.receipts():
            checked += 1
            receipt = decode_receipt(bytes(item.receipt))
            found = trust.check(receipt, opened.tenant_id, opened.store_id, item.signing_hash)
            findings += [{"item": item.sequence_number, "finding": finding} for finding in found]
    report({"valid": not findings, "checked": checked, "findings": findings}, "receipt", as_json=as_json)


def resume(*, outbox: File = None, key: KeyFile = None) -> None:
    """Allow syncs again after a contradiction of the sequencer."""
    with open_outbox(outbox, key) as opened:
        opened.resume()


def verify_evidence(*, file: Evidence, public_key: PublicKey = None, as_json: JsonOption = False) -> None:
    """Check offline that the receipts of an evidence file verify and contradict each other: exit code 0 if they do."""
    trust = offline_trust(public_key)
    if not trust.keys:
        raise usage("no sequencer public key: give --public-key (see `ves keys sequencer`)")
    try:
        found = decode_contradiction(file.read_bytes())
        findings = check_contradiction(found, trust)
        shown = describe(found)
    except ProtocolError as error:
        findings, shown = [f"malformed: {error}"], ""
    answer = {"valid": not findings, "shows": shown, "findings": findings}
    show(answer, "\n".join(findings) or f"VALID: {shown}", as_json)
    raise typer.Exit(Exit.CHECK_FAILED if findings else Exit.FINE)


def _trust(outbox: Outbox, public_key: str | None) -> Trust:
    return offline_trust(public_key) if public_key else outbox.trust()


COMMANDS: tuple[Callable[..., None], ...] = (
    init,
    record,
    status,
    sync,
    refused,
    release,
    drop,
    prune,
    verify,
    resume,
)
app = typer.Typer(no_args_is_help=True, help="An agent's outbox: record offline, sync later.")
for function in COMMANDS:
    app.command()(function)
