"""The broker takes messages up to a size: a larger one fails alone, with an error that says so."""

from collections.abc import Iterator

import pytest

from bus_core import Event, InvalidEvent, RetryPolicy, connect
from bus_core.envelope import MAX_BODY_BYTES, encode
from tests.faults.conftest import DeadLetters, Service
from tests.harness.poll import wait_until
from tests.harness.rabbitmq import RabbitNode

EVENT_TYPE = "bulkyEvent"
LIMIT_BYTES = 100_000


@pytest.fixture(scope="module")
def strict() -> Iterator[RabbitNode]:
    """A broker that takes no message of more than `LIMIT_BYTES`."""
    with RabbitNode({"max_message_size": str(LIMIT_BYTES)}) as node:
        yield node


def of_size(size: int) -> Event:
    """Return an event whose message has so many bytes."""
    empty = Event(EVENT_TYPE, "")
    padding = size - len(encode(empty, service="publisher").body)
    return Event(EVENT_TYPE, "x" * padding, id=empty.id, created=empty.created)


def test_it_fails_alone(strict: RabbitNode) -> None:
    with (
        Service(strict.amqp_url, EVENT_TYPE) as service,
        connect(strict.amqp_url, service="publisher") as bus,
    ):
        events = [of_size(1_000) for _ in range(50)]
        futures = [bus.publish_soon(event) for event in events[:25]]
        large = bus.publish_soon(of_size(LIMIT_BYTES + 1))
        futures += [bus.publish_soon(event) for event in events[25:]]
        error = large.exception(30)
        assert isinstance(error, InvalidEvent)
        assert str(LIMIT_BYTES) in str(error)
        assert [future.exception(30) for future in futures] == [None] * 50
        service.wait_for_all(event.id for event in events)
        assert len(service.handled) < 100


def test_one_that_outgrows_the_limit_with_its_retry_becomes_a_dead_letter(
    strict: RabbitNode,
) -> None:
    def fail(event: Event) -> None:
        raise ValueError("not today")

    policy = RetryPolicy(attempts=100, delays_ms=(20,))  # one digit more in the message
    with (
        Service(strict.amqp_url, EVENT_TYPE, name="failing", handle=fail, retry=policy),
        DeadLetters(strict.amqp_url, "failing") as dead,
        connect(strict.amqp_url, service="publisher") as bus,
    ):
        event = of_size(LIMIT_BYTES)
        bus.publish(event)
        wait_until(lambda: dead.all)
        assert dead.ids == [event.id]
        assert dead.reasons == ["attempts"]
        error = dead.all[0].message.headers["bus-dead-error"]
        assert "not today" in error
        assert "cannot be handled again" in error


def test_one_that_no_broker_takes_is_not_even_sent() -> None:
    with connect("memory://", service="publisher") as bus, pytest.raises(InvalidEvent) as caught:
        bus.publish(Event(EVENT_TYPE, "x" * MAX_BODY_BYTES))
    assert caught.value.outcome_known
