"""The log: structured events with stable names on stderr, as `key=value` lines or JSON (`LOG_FORMAT=json`)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor


def configure_log(log_format: str) -> None:
    """Set up structlog for the process. Secrets and payloads are never passed to it."""
    renderer: Processor
    if log_format == "json":
        renderer = structlog.processors.JSONRenderer(sort_keys=False)
    else:
        renderer = structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event"], bool_as_flag=False
        )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def get_log(worker: str) -> structlog.typing.FilteringBoundLogger:
    """Logger whose every line carries the worker's name."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger(worker=worker)
    return log
