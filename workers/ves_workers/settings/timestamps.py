"""Settings of the timestamps worker."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_edge.environment import SettingsError

if TYPE_CHECKING:
    from ves_edge.environment import Environment

# The characters that the format allows in a calendar's URL, without those of ports on hosts other than this one.
_URL = re.compile(
    r"(https://[A-Za-z0-9.-]+|http://(127\.0\.0\.1|localhost))(:[0-9]{1,5})?(/[A-Za-z0-9._/-]*)?"
)

_MOST_CALENDARS = 6  # each adds up to 10,000 bytes to a proof of at most 65,536


@dataclass(frozen=True, slots=True)
class TimestampSettings:
    """Which calendars have the digests, and who says what a Bitcoin block is. The suffix of a name is the unit of time."""

    calendars: tuple[str, ...] = ()
    blocks_url: str = ""
    interval_secs: int = 600
    upgrade_secs: int = 600
    expiry_secs: int = 3 * 86_400
    timeout_secs: float = 10

    @classmethod
    def from_environment(cls, env: Environment) -> TimestampSettings:
        """Read the settings. SettingsError for one of the two URLs without the other, or one that is not allowed."""
        given = (part.strip().rstrip("/") for part in env.text("VES_OTS_CALENDARS").split(","))
        found = cls(
            calendars=tuple(dict.fromkeys(filter(None, given))),
            blocks_url=env.text("VES_OTS_BLOCKS_URL").rstrip("/"),
            interval_secs=env.integer("VES_OTS_INTERVAL_SECS", 600, low=5, high=86_400),
            upgrade_secs=env.integer("VES_OTS_UPGRADE_SECS", 600, low=5, high=86_400),
            expiry_secs=env.integer("VES_OTS_EXPIRY_HOURS", 72, low=1, high=720) * 3600,
            timeout_secs=env.number("VES_OTS_TIMEOUT_SECS", 10, low=0.1),
        )
        for name, urls in (
            ("VES_OTS_CALENDARS", found.calendars),
            ("VES_OTS_BLOCKS_URL", filter(None, [found.blocks_url])),
        ):
            if not all(map(_URL.fullmatch, urls)):
                raise SettingsError(f"{name}: is no https URL (http on this machine) without user and query")
        if len(found.calendars) > _MOST_CALENDARS:
            raise SettingsError(f"VES_OTS_CALENDARS: more than {_MOST_CALENDARS}")
        if bool(found.calendars) is not bool(found.blocks_url):
            raise SettingsError("VES_OTS_CALENDARS: needs VES_OTS_BLOCKS_URL, and that needs calendars")
        return found

    @property
    def is_on(self) -> bool:
        """Whether commitments are timestamped."""
        return bool(self.calendars)
