"""A full queue with `reject-publish` refuses events (nack): they are sent again in time."""

from collections.abc import Iterator

import pytest
from pika.adapters.blocking_connection import BlockingChannel

from bus_core import BusError, Event, EventBus, PublishRefused, PublishTimeout, connect
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost


@pytest.fixture
def bus(rabbit: Vhost) -> Iterator[EventBus]:
    with connect(rabbit.amqp_url, service="submission") as bus:
        bus.publish(Event("exportRequested"))  # makes the exchange
        yield bus


@pytest.fixture
def full(rabbit: Vhost, bus: EventBus) -> Iterator[BlockingChannel]:
    """Somebody's queue `full` that takes one message only, and has it."""
    connection = rabbit.connect()
    channel = connection.channel()
    arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
    channel.queue_declare("full", durable=True, arguments=arguments)
    channel.queue_bind("full", "event__exportRequested")
    bus.publish(Event("exportRequested"))
    yield channel
    connection.close()


def test_it_is_sent_again_until_there_is_room(bus: EventBus, full: BlockingChannel) -> None:
    futures = [bus.publish_soon(Event("exportRequested", number)) for number in range(3)]
    bus.publish(Event("another"))  # by then they were refused at least once
    assert not any(future.done() for future in futures)
    taken = 0

    def drained() -> bool:
        nonlocal taken
        taken += full.basic_get("full", auto_ack=True)[0] is not None
        return taken == 4

    wait_until(drained)
    assert [future.exception(10) for future in futures] == [None] * 3


@pytest.mark.usefixtures("full")
def test_at_the_deadline_it_is_refused_and_the_outcome_is_not_known(bus: EventBus) -> None:
    with pytest.raises((PublishRefused, PublishTimeout)) as caught:
        bus.publish(Event("exportRequested"), timeout=0.5)
    assert not caught.value.outcome_known


@pytest.mark.usefixtures("full")
def test_closing_the_bus_ends_the_wait(rabbit: Vhost) -> None:
    bus = connect(rabbit.amqp_url, service="hasty")
    futures = [bus.publish_soon(Event("exportRequested"), timeout=600) for _ in range(5)]
    bus.publish(Event("another"))
    bus.link.close(timeout=0.3)  # type: ignore[attr-defined]
    errors = [future.exception(10) for future in futures]
    assert all(isinstance(error, BusError) for error in errors)
    bus.close()
