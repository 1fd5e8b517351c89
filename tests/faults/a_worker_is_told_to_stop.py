"""SIGTERM: a worker finishes what it holds; `kill -9`: what it held is handled by another."""

import time
from collections.abc import Callable

import pytest

from bus_core import Event, connect
from tests.faults.conftest import Books, Service
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

EVENT_TYPE = "shiftEvent"
Program = Callable[..., ManagedProcess]


@pytest.fixture
def start_worker(rabbit: Vhost, program: Program) -> Callable[..., ManagedProcess]:
    def start(file: str, seconds: float = 0.0) -> ManagedProcess:
        return program(
            "worker", rabbit.amqp_url, "shift", EVENT_TYPE, file=file, more=(str(seconds),)
        )

    return start


@pytest.fixture(autouse=True)
def queue(rabbit: Vhost) -> None:
    """A first worker has made the queue, so that nothing is published before it is bound."""
    with Service(rabbit.amqp_url, EVENT_TYPE, name="shift"):
        pass


def publish(rabbit: Vhost, count: int) -> list[str]:
    events = [Event(EVENT_TYPE, number) for number in range(count)]
    with connect(rabbit.amqp_url, service="publisher") as bus:
        bus.publish_many(events)
    return [event.id for event in events]


@pytest.mark.parametrize("shifts", [2, pytest.param(10, marks=pytest.mark.long)])
def test_under_load_workers_come_and_go_and_nothing_is_handled_twice(
    rabbit: Vhost, program: Program, start_worker: Program, books: Books, shifts: int
) -> None:
    publisher = program("publisher", rabbit.amqp_url, EVENT_TYPE, file="published", more=("4",))
    files = [f"worker-{number}" for number in range(shifts + 2)]
    workers = [start_worker(file) for file in files[:2]]
    for shift, file in enumerate(files[2:]):
        wait_until(lambda: len(books.read(files[shift])) > 100, timeout=30)  # noqa: B023
        workers.append(start_worker(file))
        wait_until(lambda: len(books.read(file)) > 100, timeout=30)  # noqa: B023
        assert workers[shift].terminate() == 0
    assert publisher.terminate() == 0
    published = books.read("published")
    handled = books.wait_for_all(published, *files)
    assert [worker.terminate() for worker in workers[-2:]] == [0, 0]
    print(f"\n{books.count(published, handled)} across {shifts} SIGTERMs under load")
    assert len(handled) == len(set(handled))


@pytest.mark.parametrize(
    ("kills", "handled_before"), [(3, 20), pytest.param(10, 150, marks=pytest.mark.long)]
)
def test_what_killed_workers_held_is_handled_by_others(
    rabbit: Vhost,
    program: Program,
    start_worker: Program,
    books: Books,
    kills: int,
    handled_before: int,
) -> None:
    publisher = program("publisher", rabbit.amqp_url, EVENT_TYPE, file="published", more=("4",))
    files = [f"worker-{number}" for number in range(kills + 2)]
    workers = [start_worker(file, 0.02) for file in files[:2]]
    cut_short = 0
    for shift, file in enumerate(files[2:]):
        wait_until(lambda: len(books.read(files[shift])) > handled_before, timeout=30)  # noqa: B023
        workers[shift].kill()
        cut_short += len(books.read(f"{files[shift]}.begun")) - len(books.read(files[shift]))
        workers.append(start_worker(file, 0.02))
    assert publisher.terminate() == 0
    published = books.read("published")
    # A quick one now, because more may be waiting than two slow ones get done.
    files.append("last")
    workers.append(start_worker("last"))
    handled = books.wait_for_all(published, *files)
    assert [worker.terminate() for worker in workers[kills:]] == [0, 0, 0]
    print(
        f"\n{books.count(published, handled)} across {kills} kill -9 of a worker, "
        f"{cut_short} of them in the middle of a handler"
    )
    assert cut_short > 0


def test_quick_handlers_finish_all_that_is_held(
    rabbit: Vhost, start_worker: Program, books: Books
) -> None:
    worker = start_worker("one", 0.002)
    published = publish(rabbit, 300)
    wait_until(lambda: len(books.read("one")) > 20, timeout=30)
    assert worker.terminate() == 0
    second = start_worker("two")
    handled = books.wait_for_all(published, "one", "two")
    assert second.terminate() == 0
    print(f"\n{books.count(published, handled)}; the first worker {len(books.read('one'))}")
    assert sorted(handled) == sorted(published)


def test_slow_handlers_give_back_only_what_they_have_not_begun(rabbit: Vhost, books: Books) -> None:
    begun: list[str] = []

    def handle(event: Event) -> None:
        begun.append(event.id)
        time.sleep(0.3)

    with Service(rabbit.amqp_url, EVENT_TYPE, name="shift", handle=handle, concurrency=2) as slow:
        published = publish(rabbit, 60)
        wait_until(lambda: len(slow.handled) > 2)
        slow.bus.close(grace=2)
        first = list(slow.handled)
        assert sorted(begun) == sorted(first)
    with Service(rabbit.amqp_url, EVENT_TYPE, name="shift") as second:
        second.wait_for_all(set(published) - set(first))
    handled = first + second.handled
    print(f"\n{books.count(published, handled)}; {len(second.handled)} given back unbegun")
    assert sorted(handled) == sorted(published)


@pytest.mark.long
def test_a_process_with_slow_handlers_does_so_within_the_grace_time_of_sigterm(
    rabbit: Vhost, start_worker: Program, books: Books
) -> None:
    slow = start_worker("slow", 1.0)
    published = publish(rabbit, 60)
    wait_until(lambda: len(books.read("slow")) > 2, timeout=30)
    assert slow.terminate() == 0
    first = books.read("slow")
    assert books.read("slow.begun") == first
    second = start_worker("second")
    handled = books.wait_for_all(published, "slow", "second")
    assert second.terminate() == 0
    print(f"\n{books.count(published, handled)}; {len(first)} by the slow worker")
    assert sorted(handled) == sorted(published)
