"""Structured logging of all programs: one event per line on standard error, with stable event and field names.

Secrets and payloads are never logged. The traceback of an unexpected error is only logged; the client gets the request
id.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, cast

from ves_edge import tracing
from ves_edge.lean import without_terminal

if TYPE_CHECKING:
    from ves_edge.environment import Environment

with without_terminal():
    import structlog

_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "off": logging.CRITICAL,  # nothing here logs at that level
}

Logger = structlog.typing.FilteringBoundLogger


class _PlainRenderer(structlog.dev.ConsoleRenderer):
    """Escapes what a terminal obeys, which callers may put into names; line breaks of a traceback stay."""

    def __call__(self, *event: Any) -> str:
        line = super().__call__(*event)
        if line.isprintable():
            return line
        return "".join(
            c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in line
        )


def read_level(env: Environment) -> str:
    """Log level: the first bare level of the filter list in `RUST_LOG` (`info,sqlx=warn`), else LOG_LEVEL."""
    for name in ("RUST_LOG", "LOG_LEVEL"):
        for part in env.text(name).lower().split(","):
            if part.strip() in _LEVELS:
                return part.strip()
    return "info"


def read_format(env: Environment) -> bool:
    """Whether LOG_FORMAT asks for JSON."""
    return env.text("LOG_FORMAT").lower() == "json"


def configure(level: str, *, as_json: bool) -> None:
    """Set up logging of this process on standard error; `level` is one of trace … off."""
    number = _LEVELS[level]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(default=str) if as_json else _PlainRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            tracing.add_trace_id,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries (pool, HTTP server) use the standard logging module: give it the same level and stream.
    logging.basicConfig(
        level=max(number, logging.WARNING),
        stream=sys.stderr,
        force=True,
        format="%(asctime)s [%(levelname)s] %(name)s %(message)s",
    )


def get_logger(room: str, **fields: str) -> Logger:
    """Return a logger that adds `room` (the component) and `fields` to every event."""
    return cast("Logger", structlog.get_logger(room=room, **fields))
