"""`ves seal` and `ves open`: end-to-end encrypted payloads (VES-ENC-1, VES 8)."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import msgspec
import orjson
import typer

from ves import ed25519, encrypted, json_decode
from ves.codec import parse_hex
from ves.errors import ProtocolError
from ves.seal import EventBinding
from ves.seal import open as open_payload
from ves_client.agent import U32_MAX, Event, seal_event, sign_event
from ves_client.commands.options import KeyFile, Store, Tenant
from ves_client.commands.output import JsonOption, note, print_json
from ves_client.commands.settings import layers
from ves_client.commands.verify import AgentKeyOption
from ves_client.errors import check_failed, usage
from ves_client.evidence import Envelope
from ves_client.private_files import load_encryption_key, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_client.commands.directory import Directory

Payload = Annotated[str, typer.Argument(help="JSON payload: a file, - for stdin.")]
Sealed = Annotated[
    str, typer.Argument(help="Envelope, or lines of them or of a receipts file: a file, - for stdin.")
]
Recipient = Annotated[
    list[str] | None,
    typer.Option("--recipient", metavar="KID=HEX", help="Recipient key number and X25519 public key."),
]
Group = Annotated[
    UUID | None,
    typer.Option("--group", help="Every member of this encryption group that has a usable key."),
]
Agent = Annotated[
    UUID | None,
    typer.Option("--agent", help="Agent of an external signer: the envelope is printed without a signature."),
]
AgentKeyId = Annotated[
    int | None,
    typer.Option("--agent-key-id", min=0, max=U32_MAX, help="Key number of the agent; with --agent."),
]


class _Line(msgspec.Struct, frozen=True):
    """A line of a receipts file; an envelope has neither member."""

    push: Any = None
    event: msgspec.Raw = msgspec.Raw(b"")


def seal(
    ctx: typer.Context,
    *,
    payload: Payload,
    entity_type: Annotated[str, typer.Option("--entity-type")],
    entity_id: Annotated[str, typer.Option("--entity-id")],
    event_type: Annotated[str, typer.Option("--event-type")],
    recipient: Recipient = None,
    group: Group = None,
    tenant: Tenant = None,
    store: Store = None,
    key: KeyFile = None,
    agent: Agent = None,
    agent_key_id: AgentKeyId = None,
    lossy: Annotated[
        bool, typer.Option("--lossy", help="Accept changes of numbers and members by canonical JSON.")
    ] = False,
    event_id: Annotated[
        UUID | None, typer.Option("--event-id", help="Event UUID; a fresh one when left out.")
    ] = None,
    created_at: Annotated[
        str | None,
        typer.Option("--created-at", help="RFC 3339 time as it will be signed; now when left out."),
    ] = None,
    _json: JsonOption = False,
) -> None:
    """Seal a payload to its recipients and print the signed envelope as one line of JSON for `ves push`.

    With --agent and --agent-key-id instead of a key file the envelope has no signature, for an external signer.
    """
    settings = layers()
    tenant_id = settings.need_uuid("VES_TENANT_ID", tenant)
    store_id = settings.need_uuid("VES_STORE_ID", store)
    if (agent is None) != (agent_key_id is None) or (agent is not None and key is not None):
        raise usage("give --agent with --agent-key-id, or a key file with --key")
    event = Event(
        event_id or uuid4(),
        entity_type,
        entity_id,
        event_type,
        created_at or datetime.now(UTC).isoformat(timespec="milliseconds"),
        read_text(payload),
    )
    recipients = read_recipients(recipient or [], group, tenant_id, ctx.obj)
    try:
        if agent is not None and agent_key_id is not None:
            text = seal_event(agent, agent_key_id, tenant_id, store_id, event, recipients, lossy=lossy)
        else:
            mine = settings.agent_key(key)
            text = sign_event(mine, tenant_id, store_id, event, recipients=recipients, lossy=lossy).text
    except (ProtocolError, UnicodeEncodeError) as error:
        hint = " (--lossy seals it so)" if getattr(error, "reason", "") == "not_lossless" else ""
        raise usage(f"this cannot be sealed: {error}{hint}") from None
    typer.echo(text)


def open_sealed(
    *,
    file: Sealed,
    kid: Annotated[int, typer.Option("--kid", min=0, max=U32_MAX, help="Your recipient key number.")],
    secret: Annotated[
        Path, typer.Option("--secret", help="Your X25519 key file, made by `ves keys new-encryption`.")
    ],
    event_id: Annotated[
        UUID | None, typer.Option("--event-id", help="Event to open if the input has several.")
    ] = None,
    agent_key: AgentKeyOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write to this new private file (mode 0600).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Decrypt a sealed payload and write it in canonical form. Exit code 1 if decryption or a signed hash fails."""
    text = _choose(read_text(file), event_id)
    mine = load_encryption_key(secret)
    try:
        public_key = parse_hex(agent_key, 32) if agent_key else None
    except ProtocolError as error:
        raise usage(f"--agent-key: {error}") from None
    try:
        opened = _opened(text, kid, mine, public_key)
    except ProtocolError as error:
        raise check_failed(f"this does not open: {error}", {"reason": error.reason}) from None
    if output is not None:
        write_private(output, opened)
    elif as_json:
        binding = json_decode.decode(text, type=EventBinding)
        print_json({"event_id": binding.event_id, "recipient_kid": kid, "payload": orjson.Fragment(opened)})
    else:
        typer.echo(opened)


def read_text(name: str) -> bytes:
    """Read a file, or stdin if the name is -. Exit code 2 if it cannot be read."""
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise usage(f"cannot read {name}: {error.strerror}") from None


def read_recipients(
    given: list[str], group: UUID | None, tenant_id: UUID, directory: Directory
) -> Mapping[int, bytes]:
    """Collect {recipient_kid: X25519 public key} from the options and the group. Exit code 2 if empty."""
    found: dict[int, bytes] = {}
    for text in given:
        number, _, key = text.partition("=")
        try:
            kid, public_key = int(number), parse_hex(key.strip(), encrypted.ENC_BYTES)
        except ValueError:
            raise usage(f"--recipient {text!r} is not KID=HEX with 32 bytes") from None
        if not 0 <= kid <= U32_MAX or found.setdefault(kid, public_key) != public_key:
            raise usage(f"--recipient {kid}: a number of 0 to {U32_MAX}, with one key only")
    if group is not None:
        members = directory.recipients(tenant_id, group)
        unusable = [member.agent_id for member in members.recipients if member.x25519_public_key is None]
        for agent_id in (*members.without_key, *unusable):
            note(f"not sealed to agent {agent_id}: it has no usable X25519 key")
        for member in members.recipients:
            if member.x25519_public_key is not None:
                public_key = parse_hex(member.x25519_public_key, encrypted.ENC_BYTES)
                if found.setdefault(member.key_id, public_key) != public_key:
                    raise usage(f"--recipient {member.key_id} is another key in the group")
    if not found:
        raise usage("there is nobody to seal to: give --recipient or a --group whose members have keys")
    return found


def _choose(raw: bytes, event_id: UUID | None) -> bytes:
    """Find the envelope in the input: the only one, or the event's. Exit code 2 unless exactly one matches."""
    try:
        try:
            found = [_envelope(raw)]
        except msgspec.DecodeError:
            found = [_envelope(line) for line in raw.splitlines() if line.strip()]
        sealed = {
            json_decode.decode(text, type=EventBinding).event_id: text for text in found if text is not None
        }
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise usage(f"this holds no event envelope: {error}") from None
    if event_id is not None:
        if event_id not in sealed:
            raise usage(f"event {event_id} is not in the input")
        return sealed[event_id]
    if len(sealed) != 1:
        raise usage(f"the input holds {len(sealed)} events: name one with --event-id")
    return next(iter(sealed.values()))


def _envelope(raw: bytes) -> bytes | None:
    """The envelope in a document or line; None for the header of a receipts file."""
    line = json_decode.decode(raw, type=_Line)
    return None if line.push is not None else bytes(line.event) or raw


def _opened(text: bytes, kid: int, secret: bytes, agent_key: bytes | None) -> bytes:
    """Verify the cipher hash and, with the agent's public key, the signature; return the canonical payload.

    ProtocolError if verification or decryption fails; exit code 2 if the event is not sealed.
    """
    try:
        envelope = json_decode.decode(text, type=Envelope)
        sealed = json_decode.decode(envelope.payload_encrypted, type=encrypted.PayloadEncrypted)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise usage(f"this is no sealed event: {error}") from None
    content = encrypted.validate(sealed)
    if isinstance(content, str):
        raise ProtocolError("schema_validation", f"{content} is not acceptable")
    if content.cipher_hash(envelope.binding.aad(envelope.plain_hash)) != envelope.cipher_hash:
        raise ProtocolError("invalid_cipher_hash", "the encrypted payload is not the one of this event")
    if agent_key and not ed25519.verify(agent_key, envelope.signing_hash(), envelope.signature()):
        raise ProtocolError("invalid_signature", "the agent's signature does not verify")
    return open_payload(sealed, envelope.binding, envelope.plain_hash, kid, secret)
