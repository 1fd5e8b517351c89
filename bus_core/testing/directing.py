"""Directing: workers follow what the registry says, whether they run already or start later."""

import threading
from functools import partial
from typing import Any

from bus_core.control import SubscriptionDirective
from bus_core.event import Event
from bus_core.retry import RetryPolicy
from bus_core.testing.features import needs
from bus_core.testing.inbox import Inbox, Then
from bus_core.testing.retrying import fail
from bus_core.testing.stage import Stage
from bus_core.testing.waiting import eventually, eventually_equal

ACTIVE = SubscriptionDirective()
PAUSED = SubscriptionDirective(state="paused")
RETIRED = SubscriptionDirective(state="retired")


class DirectingConformance(Stage):
    """Tests with a subscription `watched` beside a subscription `other` of the same service."""

    def begin(self, then: Then | None = None, **options: Any) -> tuple[Inbox, Inbox]:
        """Start a worker with both; it may be directed already."""
        bus = self.open("listener")
        watched = self.subscribe(bus, "watched", then, **options)
        other = self.subscribe(bus, "other")
        bus.start()
        self.reach(other)
        return watched, other

    def make_subscriptions(self) -> None:
        """Have a worker make the queues, and end it."""
        watched, _other = self.begin()
        self.reach(watched)
        watched.bus.close()

    def other_is_handled(self, other: Inbox, count: int = 20) -> None:
        """Have the other subscription handle events: what was paused had its chance."""
        before = len(other.events)
        self.publish("other", *range(count))
        eventually_equal(lambda: len(other.events), before + count)

    def wait_until_paused(self, watched: Inbox, other: Inbox) -> None:
        """Publish to both until the watched one handles nothing any more."""

        def nothing_more() -> bool:
            before = len(watched.events)
            self.publish("watched", "while pausing")
            self.other_is_handled(other)
            return len(watched.events) == before

        eventually(nothing_more, "the worker does not pause")

    @needs("directives")
    def test_a_paused_subscription_is_not_begun_and_loses_nothing(self) -> None:
        self.make_subscriptions()
        self.told("listener", watched=PAUSED)
        events = self.publish("watched", *range(10))
        watched, other = self.begin()
        self.other_is_handled(other)
        assert watched.events == []
        self.told("listener", watched=ACTIVE)
        eventually_equal(lambda: watched.events, events)

    @needs("directives")
    def test_a_running_worker_pauses_and_goes_on(self) -> None:
        watched, other = self.begin()
        self.reach(watched)
        self.told("listener", watched=PAUSED)
        self.wait_until_paused(watched, other)
        handled = len(watched.events)
        self.publish("watched", *range(10))
        self.other_is_handled(other)
        assert len(watched.events) == handled
        self.told("listener", watched=ACTIVE)
        eventually_equal(lambda: watched.payloads[-10:], list(range(10)))
        assert len(set(watched.ids)) == len(watched.ids)

    @needs("directives")
    def test_an_event_in_the_handler_is_finished_when_the_pause_comes(self) -> None:
        gate = self.gate()
        watched, other = self.begin(gate)
        self.reach(watched)
        self.publish("watched", "held", "waits")
        eventually_equal(lambda: watched.payloads, ["held"])
        self.told("listener", watched=PAUSED, other=SubscriptionDirective(prefetch=7))
        self.other_is_handled(other)
        gate.open()
        eventually(lambda: "held" in watched.done)
        self.told("listener", watched=ACTIVE)
        eventually(lambda: "waits" in watched.done)
        assert watched.payloads.count("held") == 1

    @needs("directives")
    def test_a_retired_subscription_is_not_consumed(self) -> None:
        self.make_subscriptions()
        self.told("listener", watched=RETIRED)
        self.publish("watched", 1)
        watched, other = self.begin()
        self.other_is_handled(other)
        assert watched.events == []

    @needs("directives")
    def test_the_latest_directives_count(self) -> None:
        self.make_subscriptions()
        for directive in (PAUSED, ACTIVE, PAUSED):
            self.told("listener", watched=directive)
        self.publish("watched", 1)
        watched, other = self.begin()
        self.other_is_handled(other)
        assert watched.events == []

    @needs("directives")
    def test_directives_are_for_one_service_only(self) -> None:
        self.told("another", watched=PAUSED)
        watched, _other = self.begin()
        self.reach(watched)

    @needs("directives", "dead_letters", "retries")
    def test_a_directed_retry_policy_beats_the_code(self) -> None:
        policy = RetryPolicy(attempts=2, delays_ms=(20,))
        self.told("listener", watched=SubscriptionDirective(retry=policy))
        in_code = RetryPolicy(attempts=9, delays_ms=(3_600_000,))
        watched, _other = self.begin(fail(), retry=in_code)
        self.reach(watched)
        self.publish("watched", 1)
        (letter,) = eventually(self.given_up)
        assert letter.attempts == 2
        assert watched.payloads == [1, 1]

    @needs("directives")
    def test_directed_concurrency_beats_the_code(self) -> None:
        together = threading.Barrier(3)
        self.told("listener", watched=SubscriptionDirective(concurrency=3))
        watched, _other = self.begin(lambda _event: together.wait(15), concurrency=1)
        self.reach(watched)
        self.publish("watched", 1, 2, 3)
        eventually_equal(lambda: sorted(watched.done), [1, 2, 3])

    @needs("directives")
    def test_directed_prefetch_beats_the_code(self) -> None:
        gate = self.gate()
        self.told("listener", watched=SubscriptionDirective(prefetch=1))
        busy, _other = self.begin(gate, prefetch=100)
        self.reach(busy)
        self.publish("watched", "held")
        eventually_equal(lambda: busy.payloads, ["held"])
        self.publish("watched", *range(10))
        free = self.subscribe(self.open("listener"), "watched")
        free.bus.start()
        eventually_equal(lambda: free.payloads, list(range(10)))

    @needs("directives")
    def test_a_handler_added_later_is_directed_too(self) -> None:
        self.make_subscriptions()
        self.told("listener", watched=PAUSED)
        bus = self.open("listener")
        other = self.subscribe(bus, "other")
        bus.start()
        self.reach(other)
        watched = self.subscribe(bus, "watched")
        self.publisher.publish(Event(watched.event_type, 1))
        self.other_is_handled(other)
        assert watched.events == []
        self.told("listener", watched=ACTIVE)
        eventually_equal(lambda: watched.payloads, [1])

    @needs("directives", "dead_letters")
    def test_events_survive_many_pauses(self) -> None:
        gate, bus = self.gate(), self.open("listener")
        watched = self.subscribe(bus, "watched", gate)
        beside = [self.subscribe(bus, "day"), self.subscribe(bus, "night")]
        bus.start()
        self.reach(watched, *beside)
        self.publish("watched", *range(20))
        eventually_equal(lambda: watched.payloads, [0])
        for number in range(16):
            # One is paused and the other is not, so it shows when the worker has followed.
            day, night = (PAUSED, ACTIVE) if number % 2 else (ACTIVE, PAUSED)
            self.told("listener", watched=night, day=day, night=night)
            self.publish("night" if number % 2 else "day", number)
            eventually_equal(partial(_last, beside[number % 2]), [number])
        gate.open()
        eventually_equal(lambda: sorted(set(watched.done)), list(range(20)))
        assert self.given_up() == []


def _last(inbox: Inbox) -> list[Any]:
    return inbox.payloads[-1:]
