"""`Tracing`: spans by the semantic conventions, and their context in headers."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bus_core import BusClosed, Event, EventBus, RetryPolicy
from bus_core.envelope import encode
from bus_core.middleware import Attempt, Middleware
from bus_core.middleware.tracing import Tracing
from bus_core.topology import event_exchange
from tests.harness.poll import wait_until

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Headers(Middleware):
    """Keeps what comes beside events."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    def handle(self, attempt: Attempt, call_next: Callable[[], Any]) -> Any:
        self.found.append(dict(attempt.headers))
        return call_next()


class Traces:
    """A provider that keeps the spans that ended."""

    def __init__(self) -> None:
        self.provider = TracerProvider()
        self._exporter = InMemorySpanExporter()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name.startswith(name)]


@pytest.fixture
def traces() -> Traces:
    return Traces()


def test_the_spans_of_an_event_follow_the_conventions(
    listen: Callable[..., EventBus], traces: Traces
) -> None:
    bus = listen(lambda _event: None, Tracing(traces.provider))
    event = Event("asked", correlation_id="the story")
    bus.publish(event)
    wait_until(lambda: len(traces.spans) == 2)
    (producer,) = traces.named("publish event__asked")
    (consumer,) = traces.named("process event__asked:consumer__asked__meca-exporter")
    assert (producer.kind, consumer.kind) == (trace.SpanKind.PRODUCER, trace.SpanKind.CONSUMER)
    assert consumer.parent.span_id == producer.context.span_id
    assert consumer.context.trace_id == producer.context.trace_id
    assert [link.context.span_id for link in consumer.links] == [producer.context.span_id]
    both = {
        "messaging.system": "rabbitmq",
        "messaging.message.id": event.id,
        "messaging.message.conversation_id": "the story",
    }
    assert dict(producer.attributes) == {
        **both,
        "messaging.operation.name": "publish",
        "messaging.operation.type": "send",
        "messaging.destination.name": "event__asked",
    }
    assert dict(consumer.attributes) == {
        **both,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "event__asked:consumer__asked__meca-exporter",
        "bus_core.attempt": 1,
    }
    assert producer.status.is_unset
    assert consumer.status.is_unset


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_what_a_handler_publishes_belongs_to_the_same_trace(
    listen: Callable[..., EventBus], traces: Traces, kind: str
) -> None:
    def answer(_event: Event) -> None:
        bus.publish_soon(Event("answered"))

    async def answer_async(event: Event) -> None:
        answer(event)

    bus = listen(answer if kind == "plain" else answer_async, Tracing(traces.provider))
    bus.publish(Event("asked"))
    wait_until(lambda: len(traces.spans) == 3)
    (consumer,) = traces.named("process")
    (answered,) = traces.named("publish event__answered")
    assert answered.parent.span_id == consumer.context.span_id
    assert len({span.context.trace_id for span in traces.spans}) == 1


def test_a_trace_that_was_begun_before_goes_on_with_its_state_and_baggage(
    listen: Callable[..., EventBus], traces: Traces
) -> None:
    seen: list[Any] = []
    bus = listen(
        lambda _event: seen.append(baggage.get_baggage("tenant")), Tracing(traces.provider)
    )
    message = encode(Event("asked"), service="submission")
    message.headers = {
        **message.headers,
        "traceparent": TRACEPARENT,
        "tracestate": "vendor=1",
        "baggage": "tenant=elife",
        "deep": {"list": [1]},
        "tracing": b"\x00",
    }
    bus.link.publish(event_exchange("asked"), "", message)
    (consumer,) = wait_until(lambda: traces.named("process"))
    assert f"{consumer.context.trace_id:032x}" == TRACEPARENT[3:35]
    assert f"{consumer.parent.span_id:016x}" == TRACEPARENT[36:52]
    assert consumer.context.trace_state["vendor"] == "1"
    assert seen == ["elife"]
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert baggage.get_all(context.get_current()) == {}


def test_each_attempt_has_a_span_with_its_error(
    listen: Callable[..., EventBus], traces: Traces
) -> None:
    def fail(_event: Event) -> None:
        raise ValueError("the journal is away")

    bus = listen(fail, Tracing(traces.provider), retry=RetryPolicy(attempts=2, delays_ms=(10,)))
    bus.publish(Event("asked"))
    wait_until(lambda: len(traces.named("process")) == 2)
    (producer,) = traces.named("publish")
    for number, span in enumerate(traces.named("process"), 1):
        assert span.attributes["bus_core.attempt"] == number
        assert span.attributes["error.type"] == "ValueError"
        assert span.status.status_code is trace.StatusCode.ERROR
        assert [event.name for event in span.events] == ["exception"]
        assert span.parent.span_id == producer.context.span_id


def test_an_event_that_did_not_go_out_ends_its_span_with_the_error(
    open_bus: Callable[..., EventBus], traces: Traces
) -> None:
    bus = open_bus(Tracing(traces.provider))
    bus.link.close()
    with pytest.raises(BusClosed):
        bus.publish(Event("asked"))
    (producer,) = traces.spans
    assert producer.attributes["error.type"] == "BusClosed"
    assert producer.status.status_code is trace.StatusCode.ERROR
    assert producer.status.description == "this bus was closed"


def test_a_trace_around_publish_many_is_the_parent_of_all(
    open_bus: Callable[..., EventBus], traces: Traces
) -> None:
    bus = open_bus(Tracing(traces.provider))
    with traces.provider.get_tracer("test").start_as_current_span("request") as request:
        bus.publish_many(Event("asked", number) for number in range(5))
    producers = traces.named("publish")
    assert [span.parent.span_id for span in producers] == [request.context.span_id] * 5


# -- without an SDK --


def test_the_api_alone_passes_on_what_comes_in(listen: Callable[..., EventBus]) -> None:
    headers, tracing = Headers(), Tracing()
    bus = listen(lambda _event: bus.publish(Event("answered")), tracing, headers)
    bus.subscribe("answered")(lambda _event: None)
    bus.start(wait=10)
    message = encode(Event("asked"), service="submission")
    incoming = {"traceparent": TRACEPARENT, "tracestate": "vendor=1"}
    message.headers = {**message.headers, **incoming}
    bus.link.publish(event_exchange("asked"), "", message)
    wait_until(lambda: len(headers.found) == 2)
    for found in headers.found:
        assert found.items() >= incoming.items()


def test_the_api_alone_begins_no_trace(listen: Callable[..., EventBus]) -> None:
    headers = Headers()
    listen(lambda _event: None, Tracing(), headers).publish(Event("asked"))
    (found,) = wait_until(lambda: headers.found)
    assert "traceparent" not in found


def test_it_works_where_no_sdk_is_installed() -> None:
    program = """if True:
        import sys
        sys.modules["opentelemetry.sdk"] = None
        from bus_core import Event, connect
        from bus_core.middleware.tracing import Tracing
        with connect("memory://", service="meca-exporter", middleware=[Tracing()]) as bus:
            bus.publish(Event("asked"))
        print("published")
    """
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("published\n", "")
