"""Structured logs: one event a line, stable names, fields request_id, tenant, stream and code.

Secrets and payloads never enter a log call. The formatted exception of an unexpected error goes to the log
only; the client gets the request id.
"""

from __future__ import annotations

import logging
import sys
from typing import cast

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


def configure(level: str, *, as_json: bool) -> None:
    """Set up logging of this process on standard error; `level` is one of trace … off."""
    number = _LEVELS[level]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(default=str)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries (the pool, the HTTP server) log through the standard module; they share level and stream.
    logging.basicConfig(
        level=max(number, logging.WARNING),
        stream=sys.stderr,
        force=True,
        format="%(asctime)s [%(levelname)s] %(name)s %(message)s",
    )


def get_logger(room: str) -> Logger:
    """A logger whose events carry `room`, the part of the edge that speaks."""
    return cast("Logger", structlog.get_logger(room=room))
