"""Traces over OpenTelemetry (operations 9): W3C trace context in, spans out by OTLP over gRPC.

Off unless `configure` was called with an endpoint: then nothing of OpenTelemetry is imported, and `span` is a check for
None. A span that an error ended has status ERROR and the name of the error; payloads are never attributes.
"""

from __future__ import annotations

from contextlib import nullcontext
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final, Literal

from ves_edge.environment import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping
    from contextlib import AbstractContextManager

    from ves_edge.environment import Environment
    from ves_edge.otlp import OtlpTracer

Kind = Literal["SERVER", "CLIENT", "INTERNAL", "CONSUMER"]


class _NoSpan:
    """Takes the place of a span while tracing is off."""

    def update_name(self, name: str) -> None:
        """Do nothing."""

    def set_attribute(self, key: str, value: Any) -> None:
        """Do nothing."""


_OFF: Final[AbstractContextManager[Any]] = nullcontext(_NoSpan())
_active: OtlpTracer | None = None


def read_endpoint(env: Environment) -> str:
    """OTEL_EXPORTER_OTLP_ENDPOINT. Raises SettingsError if it is set and the extra `tracing` is not installed."""
    endpoint = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")
    if endpoint:
        try:
            metadata.version("opentelemetry-exporter-otlp-proto-grpc")
        except metadata.PackageNotFoundError as error:
            raise SettingsError(
                "OTEL_EXPORTER_OTLP_ENDPOINT: needs the extra `tracing` (opentelemetry-exporter-otlp-proto-grpc)"
            ) from error
    return endpoint


def configure(endpoint: str, component: str) -> None:
    """Send the spans of this process to `endpoint`; the empty text: none are made. Call it after the last fork."""
    global _active  # noqa: PLW0603 (one exporter a process)
    if endpoint:
        from ves_edge.otlp import OtlpTracer  # noqa: PLC0415 (the extra may be absent)

        _active = OtlpTracer(endpoint, component)


def close() -> None:
    """Send the remaining spans, within the exporter's own time limit."""
    if _active is not None:
        _active.close()


def span(
    name: str, kind: Kind = "INTERNAL", parent: str | None = None, **attributes: str | int
) -> AbstractContextManager[Any]:
    """A span around the block, child of the current one or of `parent`, the text of a W3C `traceparent`."""
    return _OFF if _active is None else _active.span(name, kind, parent, attributes)


def child(name: str, kind: Kind) -> AbstractContextManager[Any]:
    """A span within the current one; none where there is no sampled one, as in the polls of workers."""
    return _OFF if traceparent() is None else span(name, kind)


def adopted(name: str, kind: Kind, parents: Iterable[str | None]) -> AbstractContextManager[Any]:
    """A span for work that several traces share, within the first of them that is there; else none."""
    parent = None if _active is None else next(filter(None, parents), None)
    return _OFF if parent is None else span(name, kind, parent)


def traceparent() -> str | None:
    """The current span as W3C `traceparent`; None while tracing is off, without a span, or if it is not sampled."""
    return None if _active is None else _active.traceparent()


def add_trace_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add `trace_id` to a log line (a processor of structlog)."""
    parent = traceparent()
    if parent is not None:
        event["trace_id"] = parent.split("-")[1]
    return event
