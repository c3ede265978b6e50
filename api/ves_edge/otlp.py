"""Spans of one process, sent by OTLP over gRPC; imported only where traces are on (`ves_edge.tracing`)."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SERVICE = "stateset-sequencer"


class OtlpTracer:
    """Makes spans and sends them in the background; a collector that fails costs spans and a log line."""

    def __init__(self, endpoint: str, component: str) -> None:
        resource = {
            "service.name": _SERVICE,
            "service.version": metadata.version(_SERVICE),
            "service.component": component,
        }
        self._provider = TracerProvider(resource=Resource.create(resource))
        exporter = OTLPSpanExporter(endpoint=endpoint, insecure=not endpoint.startswith("https:"))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("ves")
        self._text = TraceContextTextMapPropagator()

    @contextmanager
    def span(
        self, name: str, kind: str, parent: str | None, attributes: Mapping[str, str | int]
    ) -> Iterator[Any]:
        """A current span; `parent` is a W3C `traceparent`, ignored where it is none."""
        context = None if parent is None else self._text.extract({"traceparent": parent})
        with self._tracer.start_as_current_span(
            name,
            context,
            trace.SpanKind[kind],
            attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as made:
            try:
                yield made
            except BaseException as error:
                made.set_status(trace.StatusCode.ERROR, getattr(error, "name", type(error).__name__))
                raise

    def traceparent(self) -> str | None:
        """The current span as text; None without one, or if it is not sampled."""
        context = trace.get_current_span().get_span_context()
        if not (context.is_valid and context.trace_flags.sampled):
            return None
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"

    def close(self) -> None:
        """Send the remaining spans."""
        self._provider.shutdown()
