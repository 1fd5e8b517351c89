"""Our messages as a plain AMQP client sees them, and such a client's as the library does."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from bus_core import Event, EventBus, Reject, RetryPolicy, connect
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

QUEUE = "consumer__exportRequested__meca-exporter"
EVENT = Event(
    "exportRequested",
    {"journal": "žluťoučký"},
    id="exportRequested_5ab4b2f0-6d0c-4b8e-9c3f-0d7b6c1a2e3f",
    created=datetime(2026, 11, 23, 18, 39, 11, 34_000, tzinfo=UTC),
    correlation_id="the story",
    causation_id="the cause",
)
BODY = (
    '{"event":{"id":"exportRequested_5ab4b2f0-6d0c-4b8e-9c3f-0d7b6c1a2e3f",'
    '"created":"2026-11-23T18:39:11.034Z","eventType":"exportRequested",'
    '"payload":{"journal":"žluťoučký"}},'
    '"meta":{"attempts":0,"retries":10,"failures":0}}'
)
CLOUD_EVENT = {
    "ce-specversion": "1.0",
    "ce-id": EVENT.id,
    "ce-type": "exportRequested",
    "ce-source": "submission",
    "ce-time": "2026-11-23T18:39:11.034Z",
    "ce-causationid": "the cause",
}


@pytest.fixture
def channel(rabbit: Vhost) -> Iterator[BlockingChannel]:
    connection = rabbit.connect()
    yield connection.channel()
    connection.close()


@pytest.fixture
def publisher(rabbit: Vhost) -> Iterator[EventBus]:
    with connect(rabbit.amqp_url, service="submission") as bus:
        yield bus


def listen(rabbit: Vhost, handler: Any, **options: Any) -> EventBus:
    bus = connect(rabbit.amqp_url, service="meca-exporter")
    bus.subscribe("exportRequested", **options)(handler)
    bus.start()
    return bus


def get(channel: BlockingChannel, queue: str) -> tuple[pika.BasicProperties, str, str]:
    """Wait for a message; return its properties, routing key and body."""

    def look() -> Any:
        method, properties, body = channel.basic_get(queue, auto_ack=True)
        return method and (properties, method.routing_key, body.decode())

    found: tuple[pika.BasicProperties, str, str] = wait_until(
        look, ignoring=pika.exceptions.ChannelClosed
    )
    return found


def wait_for_binding(rabbit: Vhost) -> None:
    """Wait until the service hears its events."""
    path = f"queues/{{vhost}}/{QUEUE}/bindings"
    wait_until(lambda: len(rabbit.api("GET", path)) == 3, ignoring=OSError)


def assert_properties_of_the_event(properties: pika.BasicProperties) -> None:
    assert properties.content_type == "application/json"
    assert properties.delivery_mode == 2
    assert properties.message_id == EVENT.id
    assert properties.type == "exportRequested"
    assert properties.app_id == "submission"
    assert properties.timestamp == 1_795_459_151
    assert properties.correlation_id == "the story"
    assert properties.expiration is None
    assert properties.user_id is None


def test_an_event_has_all_its_properties_and_the_typescript_body(
    publisher: EventBus, channel: BlockingChannel
) -> None:
    publisher.publish(Event("exportRequested"))  # makes the exchange
    channel.queue_declare("plain", exclusive=True)
    channel.queue_bind("plain", "event__exportRequested")
    publisher.publish(EVENT)
    properties, _key, body = get(channel, "plain")
    assert body == BODY
    assert properties.headers == CLOUD_EVENT
    assert_properties_of_the_event(properties)


def test_a_waiting_retry_says_for_which_queue_it_is(
    rabbit: Vhost, publisher: EventBus, channel: BlockingChannel
) -> None:
    policy = RetryPolicy(attempts=4, delays_ms=(3_600_000,))
    with listen(rabbit, lambda _event: False, retry=policy):
        wait_for_binding(rabbit)
        publisher.publish(EVENT)
        properties, key, body = get(channel, "retry__meca-exporter__3600000")
    assert key == QUEUE
    assert_properties_of_the_event(properties)
    assert properties.headers.items() >= CLOUD_EVENT.items()
    meta = {"attempts": 1, "retries": 4, "failures": 1}
    assert json.loads(body) == {**json.loads(BODY), "meta": meta}


def test_a_dead_letter_says_why_and_from_where(
    rabbit: Vhost, publisher: EventBus, channel: BlockingChannel
) -> None:
    def reject(_event: Event) -> None:
        raise Reject("no such journal")

    with listen(rabbit, reject):
        wait_for_binding(rabbit)
        publisher.publish(EVENT)
        properties, key, body = get(channel, "dead__meca-exporter")
    assert key == QUEUE
    assert_properties_of_the_event(properties)
    headers = properties.headers
    assert headers.items() >= CLOUD_EVENT.items()
    assert headers["bus-dead-reason"] == "rejected"
    assert headers["bus-dead-queue"] == QUEUE
    assert headers["bus-dead-error"] == "no such journal"
    assert headers["bus-dead-attempts"] == 1
    assert headers["bus-dead-at"] > 1_700_000_000
    assert headers["bus-dead-worker"].count("/") == 2
    assert json.loads(body)["event"] == json.loads(BODY)["event"]


def test_an_event_that_came_back_carries_no_notes_of_the_broker_on_its_next_copy(
    rabbit: Vhost, publisher: EventBus, channel: BlockingChannel
) -> None:
    # Kept, they would make RabbitMQ 3.10 take the next retry for a cycle and drop it silently.
    policy = RetryPolicy(attempts=3, delays_ms=(20,))
    with listen(rabbit, lambda _event: False, retry=policy):
        wait_for_binding(rabbit)
        publisher.publish(EVENT)
        properties, _key, _body = get(channel, "dead__meca-exporter")
    notes = {name for name in properties.headers if name.startswith("x-")}
    assert notes <= {"x-delivery-count"}  # of the queue that it was just taken from
    assert properties.headers["bus-dead-attempts"] == 3


def test_a_message_of_another_program_is_handled_and_keeps_its_headers(
    rabbit: Vhost, channel: BlockingChannel
) -> None:
    handled: list[Event] = []

    def fail(event: Event) -> bool:
        handled.append(event)
        return False

    with listen(rabbit, fail, retry=RetryPolicy(attempts=2, delays_ms=(20,))):
        wait_for_binding(rabbit)
        plain = pika.BasicProperties(headers={"traceparent": "00-trace", "deep": {"list": [1]}})
        channel.basic_publish("event__exportRequested", "", BODY.encode(), plain)
        properties, _key, _body = get(channel, "dead__meca-exporter")
    # It had neither correlation nor causation: those travel beside the body.
    story = Event(
        EVENT.type, EVENT.payload, id=EVENT.id, created=EVENT.created, correlation_id=EVENT.id
    )
    assert handled == [story, story]
    assert properties.headers["traceparent"] == "00-trace"
    assert properties.headers["deep"] == {"list": [1]}
    assert properties.delivery_mode == 2


def test_workers_report_under_the_name_of_their_user(
    rabbit: Vhost, publisher: EventBus, channel: BlockingChannel
) -> None:
    channel.exchange_declare("bus__reports", exchange_type="fanout", durable=True)
    channel.queue_declare("reports", exclusive=True)
    channel.queue_bind("reports", "bus__reports")
    with listen(rabbit, lambda _event: None):
        wait_for_binding(rabbit)
        publisher.publish(EVENT)

        def reported() -> Any:
            properties, _key, body = get(channel, "reports")
            assert (properties.user_id, properties.app_id) == ("guest", "meca-exporter")
            return properties.type == "bus.receipts" and json.loads(body)

        (receipt,) = wait_until(reported)["receipts"]
    assert (receipt["event_id"], receipt["outcome"]) == (EVENT.id, "handled")
