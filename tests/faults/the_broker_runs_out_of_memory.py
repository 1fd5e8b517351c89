"""A memory alarm: publishers wait, or fail by their deadline; consumers go on; then all goes on."""

import time

import pytest

from bus_core import BrokerBlocked, Event, PublishTimeout, connect
from bus_core.rabbitmq import publisher
from tests.faults.conftest import Books, Service
from tests.harness.load import Load
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

EVENT_TYPE = "heavyEvent"
SLACK_SECONDS = 1.0


def test_a_publish_that_can_wait_gets_through_and_only_once(
    rabbit: Vhost, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "STALL_SECONDS", 1.0)
    with (
        Service(rabbit.amqp_url, EVENT_TYPE) as service,
        connect(rabbit.amqp_url, service="publisher") as bus,
    ):
        bus.publish(Event(EVENT_TYPE))
        events = [Event(EVENT_TYPE, number) for number in range(50)]
        with rabbit.node.memory_alarm():
            futures = [bus.publish_soon(event, timeout=60) for event in events]
            wait_until(lambda: bus.link.state.value == "blocked")  # type: ignore[attr-defined]
            # Longer than a channel may be without a confirm: it is not to blame for an alarm.
            time.sleep(2.5)
            assert not any(future.done() for future in futures)
        for future in futures:
            future.result(30)
        published = [event.id for event in events]
        service.wait_for_all(published)
    handled = [one for one in service.handled if one in set(published)]
    print(f"\n{books.count(published, handled)} after an alarm")
    assert len(handled) == len(published)


def test_one_that_cannot_wait_fails_by_its_deadline(rabbit: Vhost) -> None:
    with connect(rabbit.amqp_url, service="publisher") as bus:
        bus.publish(Event(EVENT_TYPE))
        with rabbit.node.memory_alarm():
            # RabbitMQ says nothing of its alarm before somebody publishes, so it may have this one.
            with pytest.raises(BrokerBlocked) as caught:
                bus.publish(Event(EVENT_TYPE), timeout=0.5)
            assert not caught.value.outcome_known
            began = time.monotonic()
            with pytest.raises(BrokerBlocked) as caught:
                bus.publish(Event(EVENT_TYPE), timeout=1)
            assert time.monotonic() - began < 1 + SLACK_SECONDS
            assert caught.value.outcome_known
        bus.publish(Event(EVENT_TYPE), timeout=20)


def test_a_publisher_that_connects_under_the_alarm_learns_of_it_too(rabbit: Vhost) -> None:
    with (
        rabbit.node.memory_alarm(),
        connect(rabbit.amqp_url, service="latecomer") as bus,
        pytest.raises((BrokerBlocked, PublishTimeout)),
    ):
        bus.publish(Event(EVENT_TYPE), timeout=1)


def test_consumers_go_on_and_what_was_not_taken_is_not_handled(rabbit: Vhost, books: Books) -> None:
    backlog = [Event(EVENT_TYPE, number) for number in range(500)]
    slow = 0.002
    with (
        Service(rabbit.amqp_url, EVENT_TYPE, handle=lambda _: time.sleep(slow)) as service,
        Load(rabbit.amqp_url, EVENT_TYPE, timeout=1, threads=2) as load,
        connect(rabbit.amqp_url, service="publisher") as bus,
    ):
        wait_until(lambda: len(load.returned) > 100)
        bus.publish_many(backlog)
        with rabbit.node.memory_alarm():
            before = len(service.handled)
            service.wait_for_all([event.id for event in backlog])
            meanwhile = len(service.handled) - before
            wait_until(lambda: load.errors["BrokerBlocked"] > 20, message=lambda: str(load))
        before = len(load.returned)
        wait_until(lambda: len(load.returned) > before + 100, timeout=30, message=lambda: str(load))
        load.stop()
        published = [*load.returned, *(event.id for event in backlog)]
        service.wait_for_all(published)
    print(f"\n{load}\n{books.count(published, service.handled)}; {meanwhile} under the alarm")
    assert load.longest < 1 + SLACK_SECONDS
    assert set(load.errors) <= {"BrokerBlocked", "PublishTimeout"}
    assert not set(load.absent) & set(service.handled)
