"""SIGTERM: a worker finishes what it holds; `kill -9`: what it held is handled by another."""

from collections.abc import Callable

from bus_core import Event, connect
from tests.faults.conftest import Books
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

EVENT_TYPE = "shiftEvent"


def _declare(rabbit: Vhost, program: Callable[..., ManagedProcess], books: Books) -> None:
    """Let a first worker make the queue, so that nothing is published before it is bound."""
    first = program("worker", rabbit.amqp_url, "shift", EVENT_TYPE, file="first")
    with connect(rabbit.amqp_url, service="prober") as bus:

        def handled_one() -> bool:
            bus.publish(Event(EVENT_TYPE, "probe"))
            return bool(books.read("first"))

        wait_until(handled_one, timeout=30)
    assert first.terminate() == 0


def test_what_it_holds_is_finished_and_nothing_is_handled_twice(
    rabbit: Vhost, program: Callable[..., ManagedProcess], books: Books
) -> None:
    _declare(rabbit, program, books)
    with connect(rabbit.amqp_url, service="publisher") as bus:
        events = [Event(EVENT_TYPE, number) for number in range(300)]
        worker = program(
            "worker", rabbit.amqp_url, "shift", EVENT_TYPE, file="one", more=("0.002",)
        )
        bus.publish_many(events)
        wait_until(lambda: len(books.read("one")) > 20, timeout=30)
        assert worker.terminate() == 0
        second = program("worker", rabbit.amqp_url, "shift", EVENT_TYPE, file="two")
        published = [event.id for event in events]
        handled = books.wait_for_all(published, "one", "two")
        assert second.terminate() == 0
    print(f"\n{books.count(published, handled)} across a SIGTERM")
    ours = [one for one in handled if one in set(published)]
    assert len(ours) == len(set(ours))


def test_a_killed_workers_events_are_handled_by_another(
    rabbit: Vhost, program: Callable[..., ManagedProcess], books: Books
) -> None:
    _declare(rabbit, program, books)
    with connect(rabbit.amqp_url, service="publisher") as bus:
        events = [Event(EVENT_TYPE, number) for number in range(100)]
        worker = program("worker", rabbit.amqp_url, "shift", EVENT_TYPE, file="one", more=("0.02",))
        bus.publish_many(events)
        wait_until(lambda: len(books.read("one")) > 5, timeout=30)
        worker.kill()
        second = program("worker", rabbit.amqp_url, "shift", EVENT_TYPE, file="two")
        published = [event.id for event in events]
        handled = books.wait_for_all(published, "one", "two")
        assert second.terminate() == 0
    print(f"\n{books.count(published, handled)} across a kill -9 of the worker")
