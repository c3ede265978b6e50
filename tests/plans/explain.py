"""Plans as the server really ran them: auto_explain in JSON, sent to the client."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

SETTINGS = {
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_format": "json",
    "auto_explain.log_level": "notice",
    "client_min_messages": "notice",
}


@dataclass(frozen=True)
class Ran:
    """One statement that the server ran."""

    query: str
    plan: dict[str, Any]

    def nodes(self) -> Iterator[dict[str, Any]]:
        waiting = [self.plan]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.get("Plans", ()))

    @property
    def buffers(self) -> int:
        """Pages that it touched, found in memory or not."""
        return int(self.plan["Shared Hit Blocks"] + self.plan["Shared Read Blocks"])

    @property
    def rows(self) -> int:
        """Rows that its nodes answered or looked at in vain: work that touches no page counts too."""
        return sum(
            int(
                node["Actual Loops"]
                * (
                    node["Actual Rows"]
                    + node.get("Rows Removed by Filter", 0)
                    + node.get("Rows Removed by Join Filter", 0)
                )
            )
            for node in self.nodes()
        )


class Recorder:
    """Collects the plans of what a superuser's connection runs."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._ran: list[Ran] = []
        connection.execute("load 'auto_explain'")
        for name, value in SETTINGS.items():
            connection.execute("select set_config(%s, %s, false)", [name, value])
        connection.add_notice_handler(self._notice)

    def _notice(self, diagnostic: Any) -> None:
        _, found, text = (diagnostic.message_primary or "").partition("plan:\n")
        if found:
            document = json.loads(text)
            self._ran.append(Ran(document["Query Text"], document["Plan"]))

    def record(self, action: Callable[[], Any]) -> list[Ran]:
        """What `action` made the server run, nested statements first."""
        self._ran = []
        action()
        return self._ran
