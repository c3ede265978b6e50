"""Settings of encryption at rest: source of the key ring (operations 1.4, VES 16)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ves.errors import ProtocolError
from ves.keyring import VARIABLES
from ves.keyring_source import FILE_VARIABLE, RingSource
from ves_edge.environment import SettingsError

if TYPE_CHECKING:
    from ves_edge.environment import Environment


@dataclass(frozen=True, slots=True)
class AtRestSettings:
    """The source of the key ring; its repr shows key ids instead of keys."""

    source: RingSource = field(repr=False)

    @property
    def mode(self) -> str:
        """`disabled`, `optional` or `required`."""
        return self.source.ring().mode

    def require_key(self) -> None:
        """Raise SettingsError when encryption is required, which is the default, and there is no key."""
        try:
            self.source.ring().require_key()
        except ProtocolError as error:
            raise SettingsError(f"{error.reason}: {error.message}") from None


def load_at_rest(env: Environment) -> AtRestSettings:
    """Read the ring. Raises SettingsError; its message never quotes a key."""
    try:
        return AtRestSettings(RingSource({name: env.text(name) for name in (*VARIABLES, FILE_VARIABLE)}))
    except ProtocolError as error:
        raise SettingsError(f"{error.reason}: {error.message}") from None
