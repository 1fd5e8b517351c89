"""An event ends every worker that begins it: it becomes a dead letter, and its neighbours live."""

from collections.abc import Callable

import pytest

from bus_core import Event, connect
from bus_core.handling import CRASH_LIMIT
from tests.faults.conftest import Books, DeadLetters, Service
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

EVENT_TYPE = "mineEvent"
NEIGHBOURS = 50


@pytest.mark.parametrize(
    ("concurrency", "crashers"),
    [(1, 1), (4, 1), pytest.param(4, 3, marks=pytest.mark.long)],
)
def test_it_is_given_up_within_the_crash_limit_and_all_others_are_handled(
    rabbit: Vhost,
    program: Callable[..., ManagedProcess],
    books: Books,
    concurrency: int,
    crashers: int,
) -> None:
    with Service(rabbit.amqp_url, EVENT_TYPE):
        pass  # it has made the queue
    payloads = [f"innocent {number}" for number in range(NEIGHBOURS)]
    for number in range(crashers):
        payloads.insert(NEIGHBOURS // 2 + 2 * number, "crash")
    events = [Event(EVENT_TYPE, payload) for payload in payloads]
    with connect(rabbit.amqp_url, service="publisher") as bus:
        bus.publish_many(events)
    innocent = [event.id for event in events if event.payload != "crash"]
    crashing = [event.id for event in events if event.payload == "crash"]
    starts = 0

    def worker() -> ManagedProcess:
        nonlocal starts
        starts += 1
        arguments = (rabbit.amqp_url, "worker", EVENT_TYPE)
        more = ("0.01", str(concurrency))
        return program("worker", *arguments, file="handled", more=more)

    with DeadLetters(rabbit.amqp_url, "worker") as dead:
        running = worker()

        def over() -> bool:
            nonlocal running
            if not running.running:
                running = worker()
            return set(innocent) <= set(books.read("handled")) and len(dead.all) == crashers

        wait_until(over, timeout=100, message=lambda: f"{starts} starts, {dead.reasons}")
        assert running.terminate() == 0
        handled = books.read("handled")
        print(
            f"\n{books.count(innocent, handled)}; {starts - 1} crashes, "
            f"{len(dead.all)} dead letters"
        )
        assert sorted(dead.ids) == sorted(crashing)
        assert set(dead.reasons) == {"crashes"}
        assert starts - 1 <= CRASH_LIMIT * crashers
