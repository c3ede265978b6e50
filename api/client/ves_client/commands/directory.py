"""Look-ups of the commands: the sequencer's public keys, and the recipients of a group.

A program puts a `Directory` into the `obj` of its Typer context: `ves-agent` asks the API, `ves` the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ves_client.commands.settings import layers, open_sequencer
from ves_client.trust import Trust

if TYPE_CHECKING:
    from uuid import UUID

    from ves_client.sequencer import Recipients


class Directory(Protocol):
    """Interface of the look-ups; both methods may raise ClientError."""

    def sequencer_keys(self) -> tuple[bytes, ...]:
        """Return the Ed25519 public keys of the known signers, 32 bytes each; empty when none is known."""

    def recipients(self, tenant_id: UUID, group_id: UUID) -> Recipients:
        """Return the members of an encryption group with their current keys (VES 8)."""


class ApiDirectory:
    """Look-ups over HTTP. No trusted keys: they must not come from the server whose receipts they verify."""

    def sequencer_keys(self) -> tuple[bytes, ...]:
        """Return no key: only `--public-key` and the settings name keys to trust."""
        return ()

    def recipients(self, tenant_id: UUID, group_id: UUID) -> Recipients:
        """GET the recipients of a group."""
        with open_sequencer() as sequencer:
            return sequencer.list_recipients(tenant_id, group_id)


def offline_trust(flag: str | None) -> Trust:
    """Return the keys of `--public-key`, VES_SEQUENCER_PUBLIC_KEY or `.ves/env`; no connection is made."""
    return Trust(layers().public_keys(flag))


class LazyTrust:
    """Trusted keys, looked up lazily at the first receipt: a sequencer may register its key with its first event."""

    def __init__(self, flag: str | None, directory: Directory) -> None:
        self._flag = flag
        self._directory = directory
        self._found: Trust | None = None

    def get(self) -> Trust:
        """Return the keys of `offline_trust`, else the directory's; looked up once."""
        if self._found is None:
            offline = offline_trust(self._flag)
            self._found = offline if offline.keys else Trust(self._directory.sequencer_keys())
        return self._found
