"""Somebody deletes a binding or an event exchange: workers notice, and nobody needs to restart."""

import time
from collections.abc import Callable

import pytest

from bus_core import Event, connect
from bus_core.rabbitmq import consumption
from tests.faults.conftest import Books, Service
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

EVENT_TYPE = "boundEvent"
QUEUE = "consumer__boundEvent__worker"
BINDING = f"bindings/{{vhost}}/e/event__{EVENT_TYPE}/q/{QUEUE}/~"
EXCHANGE = f"exchanges/{{vhost}}/event__{EVENT_TYPE}"
SLACK_SECONDS = 1.0

everything_deleted = pytest.mark.parametrize(
    "delete",
    [lambda rabbit: rabbit.api("DELETE", BINDING), lambda rabbit: rabbit.api("DELETE", EXCHANGE)],
    ids=["binding", "exchange"],
)


def back_within(
    rabbit: Vhost, delete: Callable[[Vhost], None], books: Books, seconds: float
) -> None:
    published = []
    with (
        Service(rabbit.amqp_url, EVENT_TYPE) as service,
        connect(rabbit.amqp_url, service="publisher") as bus,
    ):

        def handles() -> bool:
            event = Event(EVENT_TYPE)
            bus.publish(event)
            published.append(event.id)
            return len(service.handled) > 0

        wait_until(handles)
        service.wait_for_all(published)
        delete(rabbit)
        service.handled.clear()
        published.clear()
        deleted = time.monotonic()
        wait_until(handles, timeout=seconds + 20)
        took = time.monotonic() - deleted
        service.wait_for_all(published[-1:])
    print(f"\n{books.count(published, service.handled)} until it was back, {took:.1f} s later")
    assert took < seconds + SLACK_SECONDS


@everything_deleted
def test_it_is_back_within_the_time_between_two_looks(
    rabbit: Vhost,
    delete: Callable[[Vhost], None],
    books: Books,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumption, "ASSERT_SECONDS", 3.0)
    back_within(rabbit, delete, books, 3.0)


@pytest.mark.long
@everything_deleted
def test_it_is_back_within_half_a_minute(
    rabbit: Vhost, delete: Callable[[Vhost], None], books: Books
) -> None:
    back_within(rabbit, delete, books, 30.0)


def test_many_exchanges_deleted_at_once_fail_no_publish(rabbit: Vhost) -> None:
    types = [f"{EVENT_TYPE}{number}" for number in range(8)]
    with connect(rabbit.amqp_url, service="publisher") as bus:
        for event_type in types:
            bus.publish(Event(event_type))
        for event_type in types:
            rabbit.api("DELETE", f"exchanges/{{vhost}}/event__{event_type}")
        bus.publish_many(Event(event_type) for event_type in types for _ in range(20))
