"""The queue that a retry was for is gone: it becomes a dead letter, and others are not held up."""

import time

from bus_core import Event, RetryPolicy, connect
from tests.faults.conftest import Books, DeadLetters
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

DELAY_SECONDS = 2.0
SLACK_SECONDS = 1.0
POLICY = RetryPolicy(delays_ms=(int(DELAY_SECONDS * 1000),))
PAIRS = 20


def test_it_becomes_a_dead_letter_and_those_behind_it_are_on_time(
    rabbit: Vhost, books: Books
) -> None:
    failed: dict[str, float] = {}
    handled: dict[str, float] = {}

    def fail_once(event: Event) -> None:
        if event.id not in failed:
            failed[event.id] = time.monotonic()
            raise ValueError("not yet")
        handled[event.id] = time.monotonic()

    bus = connect(rabbit.amqp_url, service="worker")
    bus.subscribe("goneEvent", retry=POLICY)(fail_once)
    bus.subscribe("stayingEvent", retry=POLICY)(fail_once)
    with bus, DeadLetters(rabbit.amqp_url, "worker") as dead:
        bus.start(wait=30)
        gone = [Event("goneEvent", number) for number in range(PAIRS)]
        staying = [Event("stayingEvent", number) for number in range(PAIRS)]
        bus.publish_many(event for pair in zip(gone, staying, strict=True) for event in pair)
        wait_until(lambda: len(failed) == 2 * PAIRS)
        rabbit.api("DELETE", "queues/{vhost}/consumer__goneEvent__worker")
        wait_until(lambda: len(handled) == PAIRS and len(dead.all) == PAIRS)
        late = max(handled[event.id] - failed[event.id] for event in staying) - DELAY_SECONDS
        print(
            f"\n{books.count([event.id for event in staying], handled)}, {late:.2f} s late at "
            f"most; {len(dead.all)} dead letters of the deleted queue"
        )
        assert late < SLACK_SECONDS
        assert sorted(dead.ids) == sorted(event.id for event in gone)
        for one in dead.all:
            # What the broker says: for which queue it was, and that it came from a retry.
            assert one.routing_key == "consumer__goneEvent__worker"
            assert one.message.headers["x-first-death-queue"] == "retry__worker__2000"
            assert one.message.headers["x-first-death-reason"] == "expired"
