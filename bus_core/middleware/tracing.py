"""`Tracing`: OpenTelemetry's traces go with events. It needs the extra `bus-core[tracing]`.

Spans follow the semantic conventions for messaging. With OpenTelemetry's API alone, and no SDK, no
spans are made, and what comes in is passed on as it is.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bus_core.event import Event
from bus_core.middleware.base import Attempt, Middleware, Publication
from bus_core.topology import event_exchange

try:
    from opentelemetry import context as current
    from opentelemetry import propagate, trace
except ImportError as error:
    raise ImportError(
        "bus_core.middleware.tracing needs opentelemetry-api: pip install 'bus-core[tracing]'"
    ) from error


class Tracing(Middleware):
    """A PRODUCER span around each publish, a CONSUMER span around each attempt to handle.

    The trace's context goes along in headers, as the process's propagator writes it: `traceparent`,
    `tracestate` and `baggage` unless it was told otherwise. `tracer_provider` is by default that
    of the process.
    """

    def __init__(self, tracer_provider: trace.TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer("bus_core", tracer_provider=tracer_provider)
        self._sending: dict[Publication, trace.Span] = {}

    def publishing(self, publication: Publication) -> None:
        """Begin a span, and send its context along."""
        exchange = event_exchange(publication.event.type)
        span = self._tracer.start_span(
            f"publish {exchange}",
            kind=trace.SpanKind.PRODUCER,
            attributes=_attributes(publication.event, "publish", "send", exchange),
        )
        propagate.inject(publication.headers, context=trace.set_span_in_context(span))
        self._sending[publication] = span

    def published(
        self,
        publication: Publication,
        error: BaseException | None,
        seconds: float,  # noqa: ARG002
    ) -> None:
        """End the span."""
        span = self._sending.pop(publication)
        if error is not None:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(trace.StatusCode.ERROR, str(error))
        span.end()

    def handle(self, attempt: Attempt, call_next: Callable[[], Any]) -> Any:
        """Handle the event in a span that continues the trace that it came with."""
        came_with = propagate.extract(_texts(attempt.headers))
        creation = trace.get_current_span(came_with).get_span_context()
        destination = f"{event_exchange(attempt.subscription.event_type)}:{attempt.queue}"
        attributes = _attributes(attempt.event, "process", "process", destination)
        token = current.attach(came_with)
        try:
            with self._tracer.start_as_current_span(
                f"process {destination}",
                kind=trace.SpanKind.CONSUMER,
                links=[trace.Link(creation)] if creation.is_valid else (),
                attributes={**attributes, "bus_core.attempt": attempt.number},
            ) as span:
                try:
                    return call_next()
                except BaseException as error:
                    span.set_attribute("error.type", type(error).__name__)
                    raise
        finally:
            current.detach(token)


def _attributes(event: Event, name: str, kind: str, destination: str) -> dict[str, str | int]:
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": name,
        "messaging.operation.type": kind,
        "messaging.destination.name": destination,
        "messaging.message.id": event.id,
        "messaging.message.conversation_id": event.correlation_id,
    }


def _texts(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return what a propagator can read: others may send headers of any kind."""
    return {name: value for name, value in headers.items() if isinstance(value, str)}
