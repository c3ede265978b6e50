"""`ves keys`: the agents' key commands, listing and revocation of keys, and the sequencers' public keys."""

from __future__ import annotations

from typing import Any

from ves_api.cli import rotation
from ves_api.cli.frame import Answer, call_command, document, given, option, rows
from ves_api.cli.rotation import Agent, KeyId
from ves_client.commands import keys as agent_keys

app = rotation.app
for name, function in agent_keys.COMMANDS.items():
    app.command(name)(function)


def _key_line(key: dict[str, Any]) -> str:
    window = f"{key['valid_from'] or '…'} to {key['valid_to'] or '…'}"
    return f"{key['key_id']:>10}  {key['status']:<13}  {bytes(key['public_key']).hex()}  {window}"


call_command(
    app,
    "list",
    "list_agent_keys",
    "List an agent's keys with their state and window.",
    rows("keys", _key_line),
    options={"agent_id": (Agent, ...)},
    without=("key_type", "at"),
)
call_command(
    app,
    "revoke",
    "revoke_agent_key",
    "Revoke a key: events signed with it are refused at once.",
    document(
        lambda _, g: f"revoked key {g['key_id']} of agent {g['agent_id']}",
        revoked=lambda _answer, _given: True,
        agent_id=given("agent_id"),
        key_id=given("key_id"),
    ),
    options={
        "agent_id": (Agent, ...),
        "key_id": (KeyId, ...),
        "reason": option(str | None, None, help="Why; kept with the key."),
    },
)


def _signers(signers: list[dict[str, Any]], _given: Any) -> Answer:
    lines = []
    for signer in signers:
        del signer["registered_at"]
        shown = bytes(signer["public_key"]).hex() if signer["public_key"] else "receipts are not signed"
        lines.append(
            f"{signer['sequencer_id']}  version {signer['key_version']}  {signer['algorithm']:<8}  {shown}"
        )
    return Answer({"signers": signers}, lines)


call_command(
    app,
    "sequencer",
    "list_signers",
    "List the sequencers and the public keys of their receipts.",
    _signers,
)
