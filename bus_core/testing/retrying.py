"""Retrying: an event whose handler failed is handled again later, by the same service only."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from bus_core.event import Event
from bus_core.outcome import Retry
from bus_core.retry import RetryPolicy
from bus_core.testing.features import needs
from bus_core.testing.inbox import Then
from bus_core.testing.stage import Stage
from bus_core.testing.waiting import eventually, eventually_equal

SOON = RetryPolicy(attempts=10, delays_ms=(20,))
CLOCKS_DIFFER_BY = 0.02


def fail(error: BaseException | None = None) -> Then:
    """Return a handler's end that raises, or returns False."""

    def end(_event: Event) -> Any:
        if error is not None:
            raise error
        return False

    return end


def one_after_the_other(*ends: Then | None) -> Then:
    """Return a handler that ends each call in the next of these ways, then well."""
    left: Iterator[Then | None] = iter(ends)

    def end(event: Event) -> Any:
        chosen = next(left, None)
        return chosen(event) if chosen else None

    return end


class RetryingConformance(Stage):
    """Tests of what becomes of an event that was not handled."""

    @needs("retries")
    @pytest.mark.parametrize(
        "failure",
        [
            fail(),
            fail(ValueError("broken")),
            fail(Retry()),
            fail(SystemExit(1)),
            fail(asyncio.CancelledError()),
        ],
        ids=["returns False", "raises", "asks for it", "exits", "is cancelled"],
    )
    def test_an_event_whose_handler_fails_is_handled_again(self, failure: Then) -> None:
        then = one_after_the_other(failure, failure)
        inbox = self.listen("exportRequested", then=then, retry=SOON)
        (event,) = self.publish("exportRequested", {"journal": "elife"})
        eventually_equal(lambda: inbox.events, [event] * 3)
        (marker,) = self.publish("exportRequested", "marker")
        eventually_equal(lambda: inbox.events, [event] * 3 + [marker])

    @needs("retries")
    def test_all_fields_are_the_same_when_it_is_handled_again(self) -> None:
        inbox = self.listen("exportRequested", then=one_after_the_other(fail()), retry=SOON)
        event = Event(
            inbox.event_type,
            {"ключ": [1, None, "🚌"]},
            id="an id",
            correlation_id="the story",
            causation_id="the cause",
        )
        self.publisher.publish(event)
        eventually_equal(lambda: inbox.events, [event, event])

    @needs("retries")
    def test_only_the_service_that_failed_gets_it_again(self) -> None:
        then = one_after_the_other(fail(), fail())
        failing = self.listen("exportRequested", "failing", then, retry=SOON)
        other = self.listen("exportRequested", "other")
        events = self.publish("exportRequested", 1)
        eventually_equal(lambda: failing.events, events * 3)
        events += self.publish("exportRequested", 2)
        eventually_equal(lambda: other.events, events)

    @needs("retries")
    def test_only_the_subscription_that_failed_gets_it_again(self) -> None:
        bus = self.open("listener")
        failing = self.subscribe(bus, "failing", one_after_the_other(fail()), retry=SOON)
        other = self.subscribe(bus, "other", retry=SOON)
        bus.start()
        self.reach(failing, other)
        self.publish("failing", 1)
        eventually_equal(lambda: failing.payloads, [1, 1])
        self.publish("other", 2)
        eventually_equal(lambda: other.payloads, [2])

    @needs("retries")
    def test_another_worker_of_the_service_may_handle_it_again(self) -> None:
        first = self.listen("exportRequested", then=fail(), retry=SOON)
        self.publish("exportRequested", 1)
        eventually(lambda: first.events)
        first.bus.close()
        second = self.subscribe(self.open("listener"), "exportRequested", retry=SOON)
        second.bus.start()
        eventually_equal(lambda: second.payloads, [1])

    @needs("retries")
    def test_an_event_that_waits_for_its_retry_holds_up_nobody(self) -> None:
        policy = RetryPolicy(delays_ms=(60_000,))
        inbox = self.listen("exportRequested", then=one_after_the_other(fail()), retry=policy)
        self.publish("exportRequested", *range(20))
        eventually_equal(lambda: inbox.done, list(range(20)))

    @needs("retries")
    def test_a_hundred_events_that_fail_at_once_all_come_back(self) -> None:
        failed: set[str] = set()

        def fail_once(event: Event) -> bool:
            again = event.id in failed
            failed.add(event.id)
            return again

        inbox = self.listen("exportRequested", then=fail_once, retry=SOON, concurrency=4)
        events = self.publish("exportRequested", *range(100))
        expected = sorted(event.id for event in events * 2)
        eventually_equal(lambda: sorted(inbox.ids), expected)

    # -- when --

    @needs("retries")
    def test_the_policy_says_after_which_delay(self) -> None:
        policy = RetryPolicy(delays_ms=(50, 300))
        then = one_after_the_other(fail(), fail())
        inbox = self.listen("exportRequested", then=then, retry=policy)
        self.publish("exportRequested", 1)
        eventually_equal(lambda: len(inbox.times), 3)
        first, second, third = inbox.times
        assert second - first >= 0.05 - CLOCKS_DIFFER_BY
        assert third - second >= 0.3 - CLOCKS_DIFFER_BY

    @needs("retries")
    @pytest.mark.parametrize("wish", [0.1, timedelta(milliseconds=100)], ids=str)
    def test_a_handler_that_asks_for_a_delay_gets_the_next_longer_one(
        self, wish: float | timedelta
    ) -> None:
        policy = RetryPolicy(delays_ms=(20, 300, 3_600_000))
        then = one_after_the_other(fail(Retry(wish)))
        inbox = self.listen("exportRequested", then=then, retry=policy)
        self.publish("exportRequested", 1)
        eventually_equal(lambda: len(inbox.times), 2)
        assert inbox.times[1] - inbox.times[0] >= 0.3 - CLOCKS_DIFFER_BY

    @needs("retries")
    def test_a_handler_that_asks_for_more_than_there_is_gets_the_longest(self) -> None:
        policy = RetryPolicy(delays_ms=(20, 300))
        then = one_after_the_other(fail(Retry(timedelta(days=7))))
        inbox = self.listen("exportRequested", then=then, retry=policy)
        self.publish("exportRequested", 1)
        eventually_equal(lambda: len(inbox.times), 2)
        assert inbox.times[1] - inbox.times[0] >= 0.3 - CLOCKS_DIFFER_BY

    @needs("retries")
    def test_short_delays_do_not_wait_behind_long_ones(self) -> None:
        wishes: dict[int, Callable[[], Retry]] = {1: lambda: Retry(3600), 2: lambda: Retry(0.02)}
        policy = RetryPolicy(delays_ms=(20, 3_600_000))

        def wish(event: Event) -> None:
            if event.payload in wishes:
                raise wishes.pop(event.payload)()

        inbox = self.listen("exportRequested", then=wish, retry=policy)
        self.publish("exportRequested", 1, 2)
        eventually_equal(lambda: inbox.payloads, [1, 2, 2])
