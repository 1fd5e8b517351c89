"""Async handlers and tracing headers from end to end, on RabbitMQ."""

import asyncio
import json

import pika
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bus_core import Event, connect
from bus_core.middleware.tracing import Tracing
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"


def test_a_trace_goes_through_an_async_handler_to_whoever_listens(rabbit: Vhost) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    bus = connect(rabbit.amqp_url, service="meca-exporter", middleware=[Tracing(provider)])

    async def export(event: Event) -> None:
        await asyncio.sleep(0)
        answer = Event("exportSuccessful", event.payload)
        await bus.publish_async(answer)

    connection = rabbit.connect()
    with bus:
        bus.subscribe("exportRequested", concurrency=2)(export)
        bus.start(wait=30)
        bus.publish(Event("exportSuccessful"))  # makes the exchange
        channel = connection.channel()
        channel.queue_declare("plain", exclusive=True)
        channel.queue_bind("plain", "event__exportSuccessful")
        body = {"event": {"id": "1", "eventType": "exportRequested", "payload": "elife"}}
        headers = {"traceparent": f"00-{TRACE_ID}-{SPAN_ID}-01", "tracestate": "vendor=1"}
        channel.basic_publish(
            "event__exportRequested",
            "",
            json.dumps(body).encode(),
            pika.BasicProperties(headers=headers),
        )
        _method, properties, _body = wait_until(
            lambda: (found := channel.basic_get("plain", auto_ack=True))[0] and found
        )
    connection.close()
    in_trace = [
        span
        for span in exporter.get_finished_spans()
        if f"{span.context.trace_id:032x}" == TRACE_ID
    ]
    consumer = next(span for span in in_trace if span.name.startswith("process"))
    producer = next(span for span in in_trace if span.name.startswith("publish"))
    assert f"{consumer.parent.span_id:016x}" == SPAN_ID
    assert producer.parent.span_id == consumer.context.span_id
    assert properties.headers["traceparent"] == f"00-{TRACE_ID}-{producer.context.span_id:016x}-01"
    assert properties.headers["tracestate"] == "vendor=1"
    assert properties.headers["ce-causationid"] == "1"
