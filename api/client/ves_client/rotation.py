"""Rotation of an agent's signing key with a grace period (VES 6.2), repeatable after a crash at any point."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ves_client.agent import AgentKey
from ves_client.errors import usage
from ves_client.private_files import sync_folder

if TYPE_CHECKING:
    from uuid import UUID

    from ves_client.sequencer import Sequencer


def rotate_key(
    path: Path,
    sequencer: Sequencer,
    tenant_id: UUID,
    *,
    passphrase: bytes | None = None,
    grace_seconds: int | None = None,
) -> AgentKey:
    """Hand over to a fresh key under the next free number, and put it in the place of the key file; returns the new key.

    Needs the right `admin`. What was signed with the old key is accepted for the grace period, by default that of the
    tenant's policy; an outbox that is opened with the new key still sends it. The new secret is durable in
    `PATH.next` before the sequencer hears of it, so a repeat after a crash or a lost answer finishes the same rotation.
    The new file is protected like the old one: by the passphrase, the operating system's keyring, or mode 0600.
    """
    old = AgentKey.load(path, passphrase)
    listed = {key.key_id: key.public_key for key in sequencer.list_agent_keys(tenant_id, old.agent_id)}
    draft = path.with_name(path.name + ".next")
    if draft.exists():
        new = AgentKey.load(draft, passphrase)
        if new.agent_id != old.agent_id or new.key_id <= old.key_id:
            raise usage(f"{draft} is not the successor of {path}: remove one of them")
    else:
        new = AgentKey.new(old.agent_id, max(old.key_id, *listed, 0) + 1)
        new.save(draft, passphrase=passphrase, in_keyring=AgentKey.is_in_keyring(path))
    if listed.get(new.key_id) != new.public_key.hex():
        sequencer.rotate_agent_key(
            tenant_id, old.agent_id, old.key_id, new.key_id, new.public_key, grace_seconds
        )
    draft.replace(path)
    sync_folder(path.parent)
    return new
