"""Delivering: who gets an event, how often, on which thread, and how many at a time."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bus_core.event import Event
from bus_core.testing.stage import Stage
from bus_core.testing.waiting import eventually, eventually_equal


class DeliveringConformance(Stage):
    """Tests of `subscribe`, `start` and `run`."""

    def test_every_service_that_listens_gets_every_event(self) -> None:
        first = self.listen("exportRequested", "first")
        second = self.listen("exportRequested", "second")
        events = self.publish("exportRequested", *range(20))
        eventually_equal(lambda: first.events, events)
        eventually_equal(lambda: second.events, events)

    def test_workers_of_one_service_share_its_events(self) -> None:
        workers = [self.listen("exportRequested", "shared", prefetch=1) for _ in range(3)]
        events = self.publish("exportRequested", *range(60))
        eventually(lambda: sum(len(worker.done) for worker in workers) >= 60)
        handled = [event_id for worker in workers for event_id in worker.ids]
        assert sorted(handled) == sorted(event.id for event in events)

    def test_a_busy_worker_leaves_events_to_the_others(self) -> None:
        gate = self.gate()
        busy = self.listen("exportRequested", "shared", gate, prefetch=1)
        self.publish("exportRequested", "held")
        eventually_equal(lambda: busy.payloads, ["held"])
        self.publish("exportRequested", *range(20))
        free = self.listen("exportRequested", "shared")
        eventually_equal(lambda: free.payloads, list(range(20)))
        assert busy.payloads == ["held"]

    def test_a_service_that_is_down_gets_its_events_when_it_is_back(self) -> None:
        self.listen("exportRequested").bus.close()
        events = self.publish("exportRequested", *range(20))
        inbox = self.subscribe(self.open("listener"), "exportRequested")
        inbox.bus.start()
        eventually_equal(lambda: inbox.events, events)

    def test_what_was_handled_does_not_come_back_after_a_restart(self) -> None:
        first = self.listen("exportRequested")
        self.publish("exportRequested", *range(20))
        eventually_equal(lambda: len(first.done), 20)
        first.bus.close()
        second = self.listen("exportRequested")
        self.publish("exportRequested", "next")
        eventually_equal(lambda: second.payloads, ["next"])

    def test_one_bus_listens_to_many_types(self) -> None:
        bus = self.open("listener")
        inboxes = [self.subscribe(bus, event_type) for event_type in ("one", "two", "three")]
        bus.start()
        self.reach(*inboxes)
        events = [self.publish(event_type, 1, 2)[:] for event_type in ("one", "two", "three")]
        eventually_equal(lambda: [inbox.events for inbox in inboxes], events)
        assert [one.event_type for one in bus.subscriptions] == [
            inbox.event_type for inbox in inboxes
        ]

    def test_a_service_hears_its_own_events_if_it_listens_to_them(self) -> None:
        inbox = self.listen("exportRequested")
        inbox.bus.publish(Event(inbox.event_type, "to myself"))
        eventually_equal(lambda: inbox.payloads, ["to myself"])

    def test_a_handler_may_be_added_while_the_bus_runs(self) -> None:
        first = self.listen("first")
        second = self.subscribe(first.bus, "second")
        self.reach(second)
        self.publish("second", "late")
        eventually_equal(lambda: second.payloads, ["late"])

    @pytest.mark.parametrize("answer", [None, True, 0, "", [], "done"])
    def test_whatever_a_handler_returns_but_false_means_done(self, answer: object) -> None:
        inbox = self.listen("exportRequested", then=lambda _event: answer)
        self.publish("exportRequested", 1, 2)
        eventually_equal(lambda: inbox.payloads, [1, 2])

    # -- threads --

    def test_handlers_run_on_threads_of_their_own(self) -> None:
        inbox = self.listen("exportRequested")
        inbox.bus.publish(Event(inbox.event_type))
        eventually_equal(lambda: len(inbox.threads), 1)
        assert inbox.threads[0] != threading.get_ident()

    def test_as_many_handlers_run_at_a_time_as_was_asked_for(self) -> None:
        together = threading.Barrier(4)
        inbox = self.listen("exportRequested", then=lambda _: together.wait(15), concurrency=4)
        self.publish("exportRequested", 1, 2, 3, 4)
        eventually_equal(lambda: sorted(inbox.done), [1, 2, 3, 4])
        assert len(set(inbox.threads)) == 4

    def test_one_handler_at_a_time_unless_more_were_asked_for(self) -> None:
        gate, bus = self.gate(), self.open("listener")
        slow = self.subscribe(bus, "slow", gate)
        quick = self.subscribe(bus, "quick")
        bus.start()
        self.reach(slow, quick)
        self.publish("slow", 1, 2)
        eventually_equal(lambda: slow.payloads, [1])
        self.publish("quick", *range(50))
        eventually_equal(lambda: quick.payloads, list(range(50)))
        assert slow.payloads == [1]
        gate.open()
        eventually_equal(lambda: slow.payloads, [1, 2])

    def test_publishing_goes_on_while_handlers_are_busy(self) -> None:
        gate = self.gate()
        busy = self.listen("slow", then=gate)
        self.publish("slow", 1)
        eventually_equal(lambda: busy.payloads, [1])
        other = self.listen("quick", "other")
        busy.bus.publish(Event(other.event_type, "meanwhile"))
        eventually_equal(lambda: other.payloads, ["meanwhile"])

    # -- subscribing --

    def test_subscribe_decorates_a_function_and_leaves_it_as_it_is(self) -> None:
        def handler(_event: Event) -> None:
            """Handle it."""

        bus = self.open("listener")
        assert bus.subscribe(self.name("exportRequested"))(handler) is handler

    def test_a_second_handler_for_one_type_is_an_error(self) -> None:
        bus = self.open("listener")
        self.subscribe(bus, "exportRequested")
        with pytest.raises(ValueError, match=self.name("exportRequested")):
            self.subscribe(bus, "exportRequested")

    def test_a_generator_function_is_not_a_handler(self) -> None:
        def handler(_event: Event) -> Iterator[None]:
            """Nobody would run it, so every event would be lost."""
            yield

        bus = self.open("listener")
        with pytest.raises(TypeError):
            bus.subscribe(self.name("exportRequested"))(handler)
        assert bus.subscriptions == ()

    @pytest.mark.parametrize(
        "options",
        [{"concurrency": 0}, {"prefetch": 0}, {"prefetch": 65_536}, {"kind": "unknown"}],
        ids=str,
    )
    def test_options_out_of_range_are_refused(self, options: dict[str, Any]) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - the words are the implementation's
            self.subscribe(self.open("listener"), "exportRequested", **options)

    # -- starting --

    def test_starting_twice_is_starting_once(self) -> None:
        inbox = self.listen("exportRequested", concurrency=1)
        inbox.bus.start()
        self.publish("exportRequested", *range(20))
        eventually_equal(lambda: inbox.payloads, list(range(20)))

    def test_run_consumes_until_the_bus_is_closed(self) -> None:
        bus = self.open("listener")
        inbox = self.subscribe(bus, "exportRequested")
        running = threading.Thread(target=bus.run)
        running.start()
        try:
            self.reach(inbox)
            self.publish("exportRequested", "one")
            eventually_equal(lambda: inbox.payloads, ["one"])
            assert running.is_alive()
        finally:
            bus.close()
            running.join(15)
        assert not running.is_alive()

    def test_run_without_handlers_is_an_error(self) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - the words are the implementation's
            self.open("listener").run()
