"""Somebody deletes a queue: what workers hold is finished, and they consume it once it is back."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bus_core import Event, EventBus, connect
from bus_core.connecting import open_link
from bus_core.link import Consumption
from bus_core.rabbitmq import consumption
from bus_core.topology import subscription_topology
from tests.faults.conftest import Books, Service
from tests.harness.poll import wait_until
from tests.harness.relay import Relay, Way
from tests.harness.vhosts import Vhost

EVENT_TYPE = "fileEvent"
QUEUE = "consumer__fileEvent__worker"
EVENTS = 200


@pytest.fixture
def publisher(rabbit: Vhost) -> Iterator[EventBus]:
    with connect(rabbit.amqp_url, service="publisher") as bus:
        yield bus


def delete(rabbit: Vhost) -> None:
    rabbit.api("DELETE", f"queues/{{vhost}}/{QUEUE}")


def declare_as_the_admin(rabbit: Vhost) -> None:
    link = open_link(rabbit.amqp_url, client_name="admin")
    link.declare(subscription_topology(EVENT_TYPE, "worker"))
    link.close()


def depth(rabbit: Vhost) -> int:
    with rabbit.connect() as connection:
        return connection.channel().queue_declare(QUEUE, passive=True).method.message_count


def publish(publisher: EventBus, count: int) -> list[str]:
    events = [Event(EVENT_TYPE, number) for number in range(count)]
    publisher.publish_many(events)
    return [event.id for event in events]


def consumption_of(service: Service) -> Consumption:
    (consumer,) = service.bus._consumers.values()  # type: ignore[attr-defined]
    return consumer._session._consumption


def test_what_is_held_is_finished_and_they_go_on_once_the_admin_has_declared_it(
    rabbit: Vhost, publisher: EventBus, books: Books
) -> None:
    go_on = threading.Event()
    options = {"handle": lambda _: go_on.wait(30), "prefetch": 20, "concurrency": 2}
    with (
        Service(rabbit.amqp_url, EVENT_TYPE, **options) as one,
        Service(rabbit.amqp_url, EVENT_TYPE, declare=False, **options) as other,
    ):
        published = publish(publisher, EVENTS)
        wait_until(lambda: depth(rabbit) <= EVENTS - 40)
        time.sleep(0.5)  # for as many more as may come
        held = EVENTS - depth(rabbit)
        delete(rabbit)
        go_on.set()
        wait_until(lambda: len(one.handled) + len(other.handled) == held)
        handled = one.handled + other.handled
        print(f"\n{books.count(published, handled)}; {held} were held when the queue was deleted")

        declare_as_the_admin(rabbit)
        one.handled.clear()
        other.handled.clear()
        later = publish(publisher, EVENTS)
        wait_until(lambda: len(one.handled) + len(other.handled) == EVENTS, timeout=20)
        assert sorted(one.handled + other.handled) == sorted(later)
        assert len(set(handled)) == held
        wait_until(
            lambda: publish(publisher, 20) and one.handled and other.handled,
            message="one of them does not consume",
        )


def back_by_themselves(rabbit: Vhost, publisher: EventBus, books: Books, seconds: float) -> None:
    """Where they may, workers declare it again after `seconds`, which are the admin's."""
    with Service(rabbit.amqp_url, EVENT_TYPE) as service:
        published = publish(publisher, 1)
        service.wait_for_all(published)
        published += publish(publisher, 1)
        service.wait_for_all(published)
        delete(rabbit)
        deleted = time.monotonic()

        def is_back() -> bool:
            published.extend(publish(publisher, 1))
            return len(service.handled) > 2

        wait_until(is_back, timeout=seconds + 10, interval=0.02)
        took = time.monotonic() - deleted
        wait_until(lambda: published[-1] in service.handled)
    print(f"\n{books.count(published, service.handled)}; back after {took:.1f} s")
    assert took >= seconds


def test_without_the_admin_they_declare_it_themselves(
    rabbit: Vhost, publisher: EventBus, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumption, "REDECLARE_SECONDS", 2.0)
    back_by_themselves(rabbit, publisher, books, 2.0)


@pytest.mark.long
def test_without_the_admin_they_do_so_after_half_a_minute(
    rabbit: Vhost, publisher: EventBus, books: Books
) -> None:
    back_by_themselves(rabbit, publisher, books, 30.0)


def test_closing_waits_for_what_came_from_the_deleted_queue(
    rabbit: Vhost, publisher: EventBus
) -> None:
    go_on = threading.Event()

    def handle(event: Event) -> None:
        if event.payload == 0:
            go_on.wait(30)

    with (
        Service(rabbit.amqp_url, EVENT_TYPE, handle=handle, concurrency=2) as service,
        ThreadPoolExecutor() as pool,
    ):
        (old,) = publish(publisher, 1)
        wait_until(lambda: depth(rabbit) == 0)
        delete(rabbit)
        wait_until(lambda: not consumption_of(service).active)
        declare_as_the_admin(rabbit)
        new = Event(EVENT_TYPE, "new")
        publisher.publish(new)
        wait_until(lambda: service.handled == [new.id])
        closing = pool.submit(service.bus.close)
        with pytest.raises(TimeoutError):
            closing.result(1)
        go_on.set()
        closing.result(10)
        assert service.handled == [new.id, old]


def test_one_that_was_changing_its_prefetch_finishes_what_it_holds_too(
    rabbit: Vhost, relay: Relay, publisher: EventBus
) -> None:
    go_on = threading.Event()
    far = relay.through(rabbit.amqp_url)
    with Service(far, EVENT_TYPE, handle=lambda _: go_on.wait(30), prefetch=5) as service:
        published = publish(publisher, 6)
        wait_until(lambda: depth(rabbit) == 0)
        relay.stall(Way.BACK)
        delete(rabbit)
        consumption_of(service).set_prefetch(3)  # the broker answers: there is no such queue
        time.sleep(0.5)
        relay.resume()
        declare_as_the_admin(rabbit)
        go_on.set()
        service.wait_for_all([*published, *publish(publisher, 1)], timeout=10)
