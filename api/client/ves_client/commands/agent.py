"""`ves agent`: an agent's outbox from the command line (operations 14)."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec
import orjson
import typer

from ves.errors import ProtocolError
from ves.receipts import decode_receipt
from ves_client.adoption import unsigned_rows
from ves_client.commands.directory import offline_trust
from ves_client.commands.options import ApiKey, KeyFile, PublicKey, Store, Tenant, Url
from ves_client.commands.output import JsonOption, print_json, print_line, progress, show
from ves_client.commands.seal import Group, Payload, Recipient, read_recipients, read_text
from ves_client.commands.settings import layers, open_sequencer, open_sync
from ves_client.commands.verify import report
from ves_client.contradictions import check_contradiction, decode_contradiction, describe
from ves_client.errors import ClientError, Exit, usage
from ves_client.outbox import Outbox
from ves_client.outbox_rows import UNSIGNED
from ves_client.pull import follow, pull
from ves_client.restore import accept_restore
from ves_client.rotation import rotate_key
from ves_client.sequencer import ANSWER_LIMIT
from ves_client.sync import push

if TYPE_CHECKING:
    from ves_client.pulled_rows import PulledEvent
    from ves_client.trust import Trust

File = Annotated[str | None, typer.Option("--outbox", help="Outbox file [VES_OUTBOX].")]
EventId = Annotated[UUID, typer.Argument(help="Event UUID, as `ves agent refused` shows it.")]
AnyId = Annotated[str, typer.Argument(help="Event id, as `ves agent refused` shows it.")]
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
    ctx: typer.Context,
    *,
    payload: Payload,
    entity_type: Annotated[str, typer.Option("--entity-type")],
    entity_id: Annotated[str, typer.Option("--entity-id")],
    event_type: Annotated[str, typer.Option("--event-type")],
    base_version: Annotated[int | None, typer.Option(min=0, help="Expected version of the entity.")] = None,
    command_id: Annotated[UUID | None, typer.Option(help="Command UUID.")] = None,
    recipient: Recipient = None,
    group: Group = None,
    outbox: File = None,
    key: KeyFile = None,
    as_json: JsonOption = False,
) -> None:
    """Sign an event and store it in the outbox; no server is needed, but for the members of a --group.

    With recipients the payload is sealed to them (VES 8); the file keeps it in plain text until it is pruned.
    """
    with open_outbox(outbox, key) as opened:
        recipients = None
        if recipient or group:
            recipients = read_recipients(recipient or [], group, opened.tenant_id, ctx.obj)
        try:
            event_id = opened.record(
                entity_type,
                entity_id,
                event_type,
                read_text(payload).strip(),
                base_version=base_version,
                command_id=command_id,
                recipients=recipients,
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
    """Send the outbox, verify and store the receipts; may be interrupted and repeated. Over gRPC or HTTP, as `tail`.

    Receipts, and with --pull the events of all agents, must verify under the pinned key, or under --public-key. Exit
    code 1 if one does not or the sequencer contradicts itself (an evidence file is then beside the outbox), 4 if
    events were refused: they are held.
    """
    with (
        open_outbox(outbox, key) as opened,
        open_sequencer(url, api_key) as sequencer,
        open_sync(sequencer, url, api_key) as transport,
    ):
        before = opened.status()
        with progress("sync", before.local + before.pushed, "events", quiet=as_json) as advance:
            done = push(
                opened,
                transport,
                _trust(opened, public_key),
                on_receipt=lambda *_: advance(1),
                batch=batch,
                deadline=deadline,
            )
        pulled = None
        if pulls:
            left = max(0, opened.head_sequence() - opened.last_pulled())
            with progress("pull", left, "events", quiet=as_json) as advance:
                pulled = pull(
                    opened,
                    sequencer,
                    _trust(opened, public_key),
                    source=transport,
                    on_event=lambda _: advance(1),
                    deadline=deadline,
                )
    text = f"{done.accepted} accepted, {done.replayed} replayed, {done.refused} refused"
    document = dataclasses.asdict(done)
    if pulled:
        text = f"{text}, {pulled.events} pulled"
        document |= {"pulled": dataclasses.asdict(pulled)}
    complete = done.complete and (pulled is None or pulled.complete)
    show(document, text if complete else f"{text}; not complete", as_json)
    raise typer.Exit(Exit.REFUSED if done.refused else Exit.FINE)


def tail(
    *,
    outbox: File = None,
    key: KeyFile = None,
    public_key: PublicKey = None,
    url: Url = None,
    api_key: ApiKey = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document a line.")] = False,
) -> None:
    """Pull the stream, print each event, and go on as they come; Ctrl-C ends it.

    Begins after the last pulled event. Over gRPC if VES_GRPC_TARGET is set and the extra `grpc` is installed, else over
    HTTP. Exit codes as of `sync`.
    """
    stop = threading.Event()
    printed = 0

    def show_event(pulled: PulledEvent) -> None:
        nonlocal printed
        printed += 1
        if count is None or printed <= count:
            typer.echo(_json_line(pulled)) if as_json else print_line(_text_line(pulled))
        if printed == count:
            stop.set()

    with (
        open_outbox(outbox, key) as opened,
        open_sequencer(url, api_key) as sequencer,
        open_sync(sequencer, url, api_key) as source,
        suppress(KeyboardInterrupt),
    ):
        follow(opened, sequencer, _trust(opened, public_key), stop, source=source, on_event=show_event)


def _json_line(pulled: PulledEvent) -> bytes:
    line = {"sequence_number": pulled.sequence_number, "event": orjson.Fragment(pulled.text)}
    return orjson.dumps(line | {"receipt": orjson.Fragment(pulled.receipt_text)})


def _text_line(pulled: PulledEvent) -> str:
    event = pulled.event
    return f"{pulled.sequence_number} {event.entity_type}/{event.entity_id} {event.event_type} {pulled.payload.decode()}"


def rotate(
    *,
    grace: Annotated[
        int | None, typer.Option(min=0, help="Seconds for which the old key is accepted; else by policy.")
    ] = None,
    tenant: Tenant = None,
    key: KeyFile = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: JsonOption = False,
) -> None:
    """Hand over to a fresh signing key, which replaces the key file (needs an administrator's API key).

    May be repeated after a crash or a lost answer: it finishes the same rotation.
    """
    settings = layers()
    path = Path(settings.need("VES_AGENT_KEY_FILE", key))
    tenant_id = settings.need_uuid("VES_TENANT_ID", tenant)
    with open_sequencer(url, api_key) as sequencer:
        new = rotate_key(path, sequencer, tenant_id, passphrase=settings.passphrase(), grace_seconds=grace)
    answer = {"agent_id": new.agent_id, "key_id": new.key_id, "public_key": new.public_key}
    show(answer, f"agent {new.agent_id} signs with key {new.key_id} now", as_json)


def pay(
    *,
    url: Annotated[str, typer.Argument(help="The resource.")],
    purchase: Annotated[str, typer.Option("--id", help="Name of the purchase; a repeat pays nothing more.")],
    network: Annotated[str, typer.Option(help="Network as offers spell it, for example eip155:8453.")],
    asset: Annotated[str, typer.Option(help="Address of the token's contract.")],
    per_payment: Annotated[int, typer.Option(min=1, help="The most for it, in the token's smallest unit.")],
    total: Annotated[int, typer.Option(min=1, help="The most for all payments in the outbox.")],
    output: Annotated[Path, typer.Option("--output", dir_okay=False, help="File for the resource.")],
    method: Annotated[str | None, typer.Option(help="By default GET, or POST with a --body.")] = None,
    body: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="File with the body of the request.")
    ] = None,
    content_type: Annotated[
        str | None, typer.Option(help="Of the body, for example application/json.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most bytes of an answer.")] = ANSWER_LIMIT,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds until the answer has come.")] = 90.0,
    account: Annotated[
        str | None, typer.Option("--account", help="Account file [VES_PAYER_KEY_FILE].")
    ] = None,
    outbox: File = None,
    key: KeyFile = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a resource, and pay for it if it asks for a payment (402); needs the extra `x402`.

    The payment is stored before it is sent: repeat the command under the same --id after a crash or a lost answer. Exit
    code 4 if it is beyond the budget, or not accepted, or if the answer is beyond the --limit.
    """
    if find_spec("x402") is None:
        raise usage("payments need the extra x402 of the client")
    from ves_client.purchases import Budget, Payer, load_account  # noqa: PLC0415 - an optional package

    settings = layers()
    payer = load_account(Path(settings.need("VES_PAYER_KEY_FILE", account)), settings.passphrase())
    budget = Budget(network, asset, per_payment, total)
    with (
        open_outbox(outbox, key) as opened,
        Payer(opened, payer, budget, timeout=timeout, limit=limit) as buyer,
    ):
        content = body.read_bytes() if body else None
        verb = method or ("GET" if content is None else "POST")
        answer = buyer.buy(url, purchase_id=purchase, method=verb, body=content, content_type=content_type)
        if answer.is_error:
            raise ClientError(Exit.REFUSED, f"http_{answer.status_code}", f"{url}: {answer.reason_phrase}")
        output.write_bytes(answer.content)
        made = buyer.find(purchase)
    paid = made.amount if made else 0
    shown = {"id": purchase, "paid": paid, "bytes": len(answer.content), "output": str(output)}
    show(shown, f"{output}: {len(answer.content)} bytes for {paid}", as_json)


def prove(
    *,
    event_id: EventId,
    policy: Annotated[str, typer.Option(help="aml.threshold, order_total.cap or agent.budget.v1.")],
    limit: Annotated[int, typer.Option(min=0, help="Limit of the policy, in the unit of the amount.")],
    outbox: File = None,
    key: KeyFile = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: JsonOption = False,
) -> None:
    """Prove that the amount of a sequenced event meets a policy, and submit the proof; needs the extra `stark`.

    The amount stays here, but a version 2 proof does not hide it from those who may read the proof.
    """
    if find_spec("numpy") is None:
        raise usage("proving needs the extra stark of the client")
    from ves_client.compliance import prove_policy  # noqa: PLC0415 - an optional package
    from ves_stark import Policy  # noqa: PLC0415 - an optional package

    try:
        wanted = {"policyId": policy, "policyParams": Policy(policy, limit).params}
    except KeyError:
        raise usage(f"{policy} is no policy with a limit") from None
    with open_outbox(outbox, key) as opened, open_sequencer(url, api_key) as sequencer:
        stored = prove_policy(opened, sequencer, event_id, wanted)
    show(stored, f"proof {stored['proof_id']}: {policy} holds for {event_id}", as_json)


def refused(
    *,
    dropped: Annotated[bool, typer.Option("--dropped", help="Those that were dropped instead.")] = False,
    outbox: File = None,
    key: KeyFile = None,
    as_json: JsonOption = False,
) -> None:
    """List the refused events and the rows that cannot be signed, with their reasons."""
    with open_outbox(outbox, key) as opened:
        found = opened.refused(dropped=dropped)
        unsigned = [] if dropped else unsigned_rows(opened)
    if as_json:
        listed = [{"event_id": it.event_id, "reason": it.reason, "message": it.message} for it in found]
        listed += [{"event_id": it.event_id, "reason": UNSIGNED, "message": it.message} for it in unsigned]
        print_json(listed)
        return
    for item in found:
        print_line(f"{item.event_id} {item.event.entity_type}/{item.event.entity_id} {item.reason}")
    for row in unsigned:
        print_line(f"{row.event_id} {UNSIGNED}: {row.message}")


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


def drop(*, event_id: AnyId, outbox: File = None, key: KeyFile = None) -> None:
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


def resume(
    *,
    restored_to: Annotated[
        int | None,
        typer.Option(min=0, help="Accept that the stream ended here when the server was restored."),
    ] = None,
    outbox: File = None,
    key: KeyFile = None,
    as_json: JsonOption = False,
) -> None:
    """Allow syncs again after a contradiction of the sequencer.

    With --restored-to the receipts beyond that number are withdrawn, kept in the file, and their events sent again with
    the next sync; the evidence file stays. A number that is too low is safe.
    """
    with open_outbox(outbox, key) as opened:
        if restored_to is None:
            opened.resume()
            show({"resumed": True}, "syncs are allowed again", as_json)
            return
        done = accept_restore(opened, restored_to)
    text = (
        f"{done.receipts} receipts withdrawn, {done.events} events are sent again; evidence: {done.evidence}"
    )
    show({"resumed": True, **msgspec.to_builtins(done, enc_hook=str)}, text, as_json)


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
    tail,
    rotate,
    pay,
    prove,
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
