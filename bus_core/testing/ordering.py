"""Ordered subscriptions: one event after the other, whatever happens."""

import threading
import time
from functools import partial
from typing import Any

from bus_core.control import SubscriptionDirective
from bus_core.event import Event
from bus_core.retry import RetryPolicy
from bus_core.testing.features import needs
from bus_core.testing.inbox import Inbox, Then
from bus_core.testing.retrying import fail, one_after_the_other
from bus_core.testing.stage import Stage
from bus_core.testing.waiting import eventually, eventually_equal

SOON = RetryPolicy(attempts=10, delays_ms=(20,))


class OrderingConformance(Stage):
    """Tests of `subscribe(kind="ordered")`."""

    def listen_ordered(self, then: Then | None = None, **options: Any) -> Inbox:
        """Start a worker; of several only the first is sure to be given events."""
        inbox = self.subscribe(
            self.open("listener"), "step", then, **{"kind": "ordered", "retry": SOON, **options}
        )
        inbox.bus.start()
        return inbox

    @needs("ordered")
    def test_events_are_handled_one_at_a_time_and_in_order(self) -> None:
        running: list[Any] = []

        def alone(event: Event) -> None:
            running.append(event.payload)
            assert running == [event.payload]
            running.clear()

        inbox = self.listen_ordered(alone, concurrency=4, prefetch=50)
        self.reach(inbox)
        self.publish("step", *range(100))
        eventually_equal(lambda: inbox.done, list(range(100)))

    @needs("ordered", "retries")
    def test_a_failed_event_is_tried_again_before_the_next(self) -> None:
        then = one_after_the_other(None, fail(), fail(ValueError("broken")))
        inbox = self.listen_ordered(then)
        self.reach(inbox)
        self.publish("step", 0, 1, 2, 3)
        eventually_equal(lambda: inbox.payloads, [0, 1, 1, 1, 2, 3])

    @needs("ordered", "retries", "dead_letters")
    def test_an_event_that_is_given_up_lets_the_next_pass(self) -> None:
        def fail_at_one(event: Event) -> bool:
            return bool(event.payload != 1)

        inbox = self.listen_ordered(fail_at_one, retry=RetryPolicy(attempts=3, delays_ms=(20,)))
        self.reach(inbox)
        self.publish("step", 0, 1, 2)
        eventually_equal(lambda: inbox.payloads, [0, 1, 1, 1, 2])
        (letter,) = eventually(self.given_up)
        assert (letter.reason, letter.attempts) == ("attempts", 3)

    @needs("ordered")
    def test_of_two_workers_one_handles_and_the_other_takes_over_in_order(self) -> None:
        first = self.listen_ordered()
        self.reach(first)
        second = self.listen_ordered()
        self.publish("step", *range(20))
        eventually_equal(lambda: first.payloads, list(range(20)))
        first.bus.close()
        self.publish("step", *range(20, 40))
        eventually_equal(lambda: second.payloads, list(range(20, 40)))

    @needs("ordered")
    def test_the_next_worker_waits_until_a_closing_one_has_finished(self) -> None:
        gate = self.gate()
        first = self.listen_ordered(gate)
        self.reach(first)
        self.publish("step", 0, 1, 2)
        eventually_equal(lambda: first.payloads, [0])
        second = self.listen_ordered()
        closing = threading.Thread(target=first.bus.close)
        closing.start()
        closing.join(0.5)
        assert closing.is_alive()
        assert second.events == []
        gate.open()
        closing.join(15)
        eventually_equal(lambda: second.payloads, [1, 2])
        assert first.done == [0]

    @needs("ordered")
    def test_workers_that_come_and_go_keep_the_order(self) -> None:
        handled: list[Any] = []

        def reached(count: int) -> bool:
            return len(handled) >= count

        workers = [self.listen_ordered(lambda event: handled.append(event.payload))]
        self.reach(workers[0])
        workers += [self.listen_ordered(lambda event: handled.append(event.payload))]
        self.publish("step", *range(300))
        for count in (50, 100, 150, 200):
            eventually(partial(reached, count))
            workers.pop(0).bus.close()
            workers += [self.listen_ordered(lambda event: handled.append(event.payload))]
        eventually_equal(lambda: handled, list(range(300)))

    @needs("ordered", "retries", "directives")
    def test_a_pause_keeps_the_order(self) -> None:
        then = one_after_the_other(fail())
        inbox = self.listen_ordered(then, retry=RetryPolicy(delays_ms=(3_600_000,)))
        self.reach(inbox)
        self.publish("step", 0, 1, 2)
        eventually_equal(lambda: inbox.payloads, [0])
        self.told("listener", step=SubscriptionDirective(state="paused"))
        self.told("listener", step=SubscriptionDirective(retry=SOON))
        eventually_equal(lambda: inbox.payloads, [0, 0, 1, 2])

    @needs("ordered", "retries")
    def test_closing_does_not_wait_for_a_retry_and_keeps_the_order(self) -> None:
        first = self.listen_ordered(fail(), retry=RetryPolicy(delays_ms=(3_600_000,)))
        self.reach(first)
        self.publish("step", 0, 1, 2)
        eventually_equal(lambda: first.done, [0])
        second = self.listen_ordered()
        began = time.monotonic()
        first.bus.close(grace=60.0)
        assert time.monotonic() - began < 15
        eventually_equal(lambda: second.payloads, [0, 1, 2])
