"""Closing: what is held is finished or comes back, and nothing is taken after the end."""

import os
import threading
import time
import warnings
from collections.abc import Callable

import pytest

from bus_core.bus import EventBus
from bus_core.errors import BusClosed
from bus_core.event import Event
from bus_core.retry import RetryPolicy
from bus_core.testing.features import needs
from bus_core.testing.stage import Stage
from bus_core.testing.waiting import eventually, eventually_equal

USES: dict[str, Callable[[EventBus, Event], object]] = {
    "publish": lambda bus, event: bus.publish(event),
    "publish_soon": lambda bus, event: bus.publish_soon(event),
    "publish_many": lambda bus, event: bus.publish_many([event]),
    "subscribe": lambda bus, event: bus.subscribe(event.type)(lambda _event: None),
    "start": lambda bus, _event: bus.start(),
}


class ClosingConformance(Stage):
    """Tests of `close`, and of ends that nobody announced."""

    @pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
    def test_a_closed_bus_takes_nothing(self, use: Callable[[EventBus, Event], object]) -> None:
        bus = self.open("closed")
        bus.publish(Event(self.name("exportRequested")))
        bus.close()
        with pytest.raises(BusClosed):
            use(bus, Event(self.name("exportRequested")))

    def test_closing_again_is_harmless(self) -> None:
        unused, used, running = self.open("unused"), self.open("used"), self.listen("x").bus
        used.publish(Event(self.name("exportRequested")))
        for bus in (unused, used, running):
            bus.close()
            bus.close()

    def test_a_bus_is_a_context_that_closes_it(self) -> None:
        with self.open("listener") as bus:
            bus.publish(Event(self.name("exportRequested")))
        with pytest.raises(BusClosed):
            bus.publish(Event(self.name("exportRequested")))

    def test_everything_published_before_is_sent(self) -> None:
        inbox = self.listen("exportRequested")
        bus = self.open("hasty")
        futures = [bus.publish_soon(Event(inbox.event_type, number)) for number in range(200)]
        bus.close()
        assert [future.exception(timeout=15) for future in futures] == [None] * 200
        eventually_equal(lambda: inbox.payloads, list(range(200)))

    def test_handlers_finish_what_they_have_begun(self) -> None:
        gate = self.gate()
        first = self.listen("exportRequested", then=gate, concurrency=3)
        self.publish("exportRequested", 1, 2, 3)
        eventually_equal(lambda: len(first.events), 3)
        closing = threading.Thread(target=first.bus.close)
        closing.start()
        closing.join(0.2)
        assert closing.is_alive()
        gate.open()
        closing.join(15)
        assert not closing.is_alive()
        assert sorted(first.done) == [1, 2, 3]
        second = self.listen("exportRequested")
        self.publish("exportRequested", "next")
        eventually_equal(lambda: second.payloads, ["next"])

    def test_handlers_publish_while_the_bus_closes(self) -> None:
        gate, answers = self.gate(), self.listen("answered", "curious")
        bus = self.open("answering")

        def answer(_event: Event) -> None:
            gate()
            bus.publish(Event(answers.event_type, "at the last moment"))

        asked = self.subscribe(bus, "asked", answer)
        bus.start()
        self.reach(asked)
        self.publish("asked", 1)
        eventually(lambda: asked.events)
        closing = threading.Thread(target=bus.close)
        closing.start()
        closing.join(0.2)
        gate.open()
        closing.join(15)
        assert asked.done == [1]
        eventually_equal(lambda: answers.payloads, ["at the last moment"])

    def test_what_is_not_finished_in_time_comes_back(self) -> None:
        gate = self.gate()
        first = self.listen("exportRequested", then=gate)
        events = self.publish("exportRequested", *range(5))
        eventually_equal(lambda: first.payloads, [0])
        began = time.monotonic()
        first.bus.close(grace=0.1)
        assert time.monotonic() - began < 10
        second = self.subscribe(self.open("listener"), "exportRequested")
        second.bus.start()
        # In any order: what comes back may do so behind what never left.
        eventually_equal(
            lambda: sorted(second.events, key=lambda event: int(event.payload)), events
        )
        assert first.payloads == [0]

    def test_a_handler_that_outlives_the_bus_does_no_harm(self) -> None:
        gate, late = self.gate(), threading.Event()
        bus = self.open("listener")

        def publish_too_late(event: Event) -> None:
            gate()
            try:
                bus.publish(event)
            finally:
                late.set()

        first = self.subscribe(bus, "exportRequested", publish_too_late)
        bus.start()
        self.reach(first)
        self.publish("exportRequested", 1)
        eventually(lambda: first.events)
        thread = next(one for one in threading.enumerate() if one.ident == first.threads[0])
        bus.close(grace=0.05)
        gate.open()
        assert late.wait(15)
        thread.join(15)
        assert first.done == []
        second = self.subscribe(self.open("listener"), "exportRequested")
        second.bus.start()
        eventually_equal(lambda: second.payloads, [1])

    @needs("retries")
    def test_closing_in_the_middle_of_failures_loses_nothing(self) -> None:
        policy = RetryPolicy(attempts=1000, delays_ms=(20,))
        first = self.listen(
            "exportRequested", then=lambda _event: False, retry=policy, concurrency=4
        )
        events = self.publish("exportRequested", *range(50))
        eventually(lambda: len(first.events) >= 60)
        first.bus.close()
        second = self.subscribe(self.open("listener"), "exportRequested", retry=policy)
        second.bus.start()
        eventually(lambda: {event.id for event in events} <= set(second.ids))

    @needs("cuts")
    def test_what_a_lost_connection_held_is_delivered_again(self) -> None:
        gate = self.gate()
        first = self.listen("exportRequested", then=gate)
        events = self.publish("exportRequested", 1, 2, 3)
        eventually_equal(lambda: first.payloads, [1])
        self.cut(self._broker, first.bus)
        second = self.subscribe(self.open("listener"), "exportRequested")
        second.bus.start()
        gate.open()
        expected = sorted(event.id for event in [*events, events[0]])
        eventually_equal(lambda: sorted(first.ids + second.ids), expected)

    @needs("forks")
    def test_a_forked_child_uses_the_bus_as_well(self) -> None:
        inbox = self.listen("exportRequested")
        bus = self.publisher
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork() beside threads
            child = os.fork()
        if child == 0:
            code = 1
            try:
                bus.publish(Event(inbox.event_type, "child"), timeout=15)
                code = 0
            finally:
                os._exit(code)
        bus.publish(Event(inbox.event_type, "parent"))
        eventually_equal(lambda: sorted(inbox.payloads), ["child", "parent"])
        assert os.waitpid(child, 0)[1] == 0
        bus.publish(Event(inbox.event_type, "parent again"))
        eventually_equal(lambda: inbox.payloads[2:], ["parent again"])
