"""Publishing: what a caller may rely on when a call returns, and what is refused."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from bus_core.bus import EventBus
from bus_core.errors import InvalidEvent, InvalidName, WouldDeadlock
from bus_core.event import Event
from bus_core.testing.stage import Stage
from bus_core.testing.waiting import eventually_equal

CALLS: dict[str, Callable[[EventBus, Event], object]] = {
    "publish": lambda bus, event: bus.publish(event),
    "publish_soon": lambda bus, event: bus.publish_soon(event),
    "publish_many": lambda bus, event: bus.publish_many([event]),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


class PublishingConformance(Stage):
    """Tests of `publish`, `publish_many` and `publish_soon`."""

    def test_publishing_succeeds_although_nobody_listens(self) -> None:
        self.publish("nobodyListens", {})

    @each_call
    def test_what_was_published_arrives_once(
        self, call: Callable[[EventBus, Event], object]
    ) -> None:
        inbox = self.listen("exportRequested")
        event = Event(inbox.event_type, "once")
        call(self.publisher, event)
        eventually_equal(lambda: inbox.ids, [event.id])
        (last,) = self.publish("exportRequested", "last")
        eventually_equal(lambda: inbox.ids, [event.id, last.id])

    def test_publish_soon_gives_a_future_that_ends_when_the_broker_has_the_event(self) -> None:
        inbox = self.listen("exportRequested")
        events = [Event(inbox.event_type, number) for number in range(20)]
        futures = [self.publisher.publish_soon(event) for event in events]
        assert [future.exception(timeout=15) for future in futures] == [None] * 20
        eventually_equal(lambda: inbox.ids, [event.id for event in events])

    def test_one_consumer_gets_the_events_of_publish_many_in_order(self) -> None:
        inbox = self.listen("exportRequested")
        self.publish("exportRequested", *range(500))
        eventually_equal(lambda: inbox.payloads, list(range(500)))

    def test_publish_many_takes_events_of_many_types_and_any_iterable(self) -> None:
        first, second = self.listen("first", "one"), self.listen("second", "two")
        types = (first.event_type, second.event_type)
        self.publisher.publish_many(Event(types[number % 2], number) for number in range(10))
        eventually_equal(lambda: first.payloads, [0, 2, 4, 6, 8])
        eventually_equal(lambda: second.payloads, [1, 3, 5, 7, 9])
        self.publisher.publish_many([])

    def test_many_threads_publish_on_one_bus_and_each_keeps_its_order(self) -> None:
        inbox = self.listen("exportRequested")
        bus = self.publisher

        def publish(thread: int) -> None:
            for number in range(25):
                bus.publish(Event(inbox.event_type, [thread, number]))

        threads = [threading.Thread(target=publish, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        eventually_equal(lambda: len(inbox.events), 200)
        for number in range(8):
            own = [payload[1] for payload in inbox.payloads if payload[0] == number]
            assert own == list(range(25))

    def test_an_event_is_sent_as_it_was_when_it_was_published(self) -> None:
        inbox = self.listen("exportRequested")
        payload = {"journal": "elife"}
        future = self.publisher.publish_soon(Event(inbox.event_type, payload))
        payload["journal"] = "changed"
        assert future.exception(timeout=15) is None
        eventually_equal(lambda: inbox.payloads, [{"journal": "elife"}])

    def test_a_megabyte_arrives_whole(self) -> None:
        inbox = self.listen("exportRequested")
        text = "0123456789abcdef" * 65_536
        self.publish("exportRequested", text)
        eventually_equal(lambda: [payload == text for payload in inbox.payloads], [True])

    # -- refusals --

    @each_call
    @pytest.mark.parametrize(
        "payload", [object(), {1, 2}, b"bytes", {"deep": [object()]}, {1: "key"}, 2**64, "\ud800"]
    )
    def test_a_payload_that_is_not_json_is_refused_and_not_sent(
        self, call: Callable[[EventBus, Event], object], payload: object
    ) -> None:
        inbox = self.listen("exportRequested")
        with pytest.raises(InvalidEvent):
            call(self.publisher, Event(inbox.event_type, payload))
        self.publish("exportRequested", "the next")
        eventually_equal(lambda: inbox.payloads, ["the next"])

    @each_call
    def test_an_id_of_more_than_255_bytes_is_refused(
        self, call: Callable[[EventBus, Event], object]
    ) -> None:
        with pytest.raises(InvalidEvent):
            call(self.publisher, Event(self.name("exportRequested"), id="é" * 128))

    @pytest.mark.parametrize(
        "name", ["", "two__parts", "end_", "1st", "with space", "ä", "a" * 121]
    )
    def test_names_that_break_the_rule_are_refused(self, name: str) -> None:
        with pytest.raises(InvalidName):
            Event(name)
        with pytest.raises(InvalidName):
            self.connect(self._broker, name)
        with pytest.raises(InvalidName):
            self.open("listener").subscribe(name)(lambda _event: None)

    # -- event loops --

    def test_calls_that_wait_are_refused_on_a_running_event_loop(self) -> None:
        bus, event = self.publisher, Event(self.name("exportRequested"))

        async def publish() -> None:
            with pytest.raises(WouldDeadlock):
                bus.publish(event)
            with pytest.raises(WouldDeadlock):
                bus.publish_many([event])

        asyncio.run(publish())

    def test_an_event_loop_publishes_with_publish_soon(self) -> None:
        inbox = self.listen("exportRequested")

        async def publish() -> None:
            futures = [
                self.publisher.publish_soon(Event(inbox.event_type, number)) for number in range(5)
            ]
            await asyncio.gather(*(asyncio.wrap_future(future) for future in futures))

        asyncio.run(publish())
        eventually_equal(lambda: inbox.payloads, list(range(5)))
