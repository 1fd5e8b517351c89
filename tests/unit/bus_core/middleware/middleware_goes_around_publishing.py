"""`publishing` and `published`: what they see, in which order, and what their errors do."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from bus_core import BusClosed, Event, EventBus, InvalidEvent, Middleware, NotSent, connect
from bus_core.link import ConsumeOptions
from bus_core.memory import MemoryBroker, MemoryLink
from bus_core.message import Message
from bus_core.middleware import Publication
from bus_core.observed_bus import ObservedBus
from bus_core.topology import Binding, Queue, Topology, event_exchange, event_type_topology
from tests.harness.poll import wait_until

OpenBus = Callable[..., EventBus]


class Witness(Middleware):
    """Notes what it is told, and adds a header."""

    def __init__(self, name: str = "witness", notes: list[Any] | None = None) -> None:
        self.name = name
        self.notes: list[Any] = [] if notes is None else notes
        self.seconds: list[float] = []

    def publishing(self, publication: Publication) -> None:
        self.notes.append((self.name, "publishing", publication.event.payload))
        publication.headers[self.name] = publication.event.id

    def published(
        self, publication: Publication, error: BaseException | None, seconds: float
    ) -> None:
        self.notes.append((self.name, "published", error and type(error)))
        self.seconds.append(seconds)


class Stubborn(Middleware):
    """Lets no event with the payload "no" out."""

    def publishing(self, publication: Publication) -> None:
        if publication.event.payload == "no":
            raise PermissionError("not this one")


def messages_on_the_wire(bus: EventBus, event_type: str = "asked") -> list[Message]:
    """Return a list that fills with what is published from now on."""
    link, found = bus.link, []
    queue = Queue(name="plain")
    binding = Binding(source=event_exchange(event_type), queue=queue.name)
    topology = event_type_topology(event_type) + Topology(queues=(queue,), bindings=(binding,))
    link.consume(
        ConsumeOptions(queue=queue.name, topology=topology, auto_ack=True),
        lambda delivery: found.append(delivery.message),
    )
    return found


CALLS: dict[str, Callable[[EventBus, Event], Any]] = {
    "publish": lambda bus, event: bus.publish(event),
    "publish_soon": lambda bus, event: bus.publish_soon(event).result(10),
    "publish_many": lambda bus, event: bus.publish_many([event]),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


@each_call
def test_it_sees_each_event_before_and_after(
    open_bus: OpenBus, call: Callable[[EventBus, Event], Any]
) -> None:
    witness = Witness()
    call(open_bus(witness), Event("asked", 1))
    assert witness.notes == [("witness", "publishing", 1), ("witness", "published", None)]
    assert 0 < witness.seconds[0] < 10


@each_call
def test_its_headers_go_out_beside_those_of_the_bus(
    open_bus: OpenBus, call: Callable[[EventBus, Event], Any]
) -> None:
    bus, event = open_bus(Witness("x-tenant")), Event("asked", 1)
    found = messages_on_the_wire(bus)
    call(bus, event)
    (message,) = found
    assert message.headers["x-tenant"] == event.id
    assert message.headers["ce-id"] == event.id


def test_headers_of_the_bus_cannot_be_changed(open_bus: OpenBus) -> None:
    bus, event = open_bus(Witness("ce-source")), Event("asked", 1)
    found = messages_on_the_wire(bus)
    bus.publish(event)
    assert [message.headers["ce-source"] for message in found] == ["meca-exporter"]


def test_the_first_is_the_outermost(open_bus: OpenBus) -> None:
    notes: list[Any] = []
    open_bus(Witness("first", notes), Witness("second", notes)).publish(Event("asked"))
    assert [note[:2] for note in notes] == [
        ("first", "publishing"),
        ("second", "publishing"),
        ("second", "published"),
        ("first", "published"),
    ]


def test_both_hooks_get_the_same_publication(open_bus: OpenBus) -> None:
    class Keeper(Middleware):
        kept: dict[Publication, str] = {}
        found: list[str] = []

        def publishing(self, publication: Publication) -> None:
            self.kept[publication] = publication.event.id

        def published(self, publication: Publication, *_outcome: Any) -> None:
            self.found.append(self.kept.pop(publication))

    keeper = Keeper()
    events = [Event("asked", number) for number in range(2500)]
    open_bus(keeper).publish_many(iter(events))
    assert keeper.found == [event.id for event in events]
    assert keeper.kept == {}


def test_it_sees_an_event_as_the_consequence_that_it_is(
    listen: Callable[..., EventBus],
) -> None:
    seen: list[Event] = []
    prepared = Event("answered")

    class Look(Middleware):
        def publishing(self, publication: Publication) -> None:
            seen.append(publication.event)

    bus = listen(lambda event: bus.publish(prepared), Look())
    asked = Event("asked")
    bus.publish(asked)
    wait_until(lambda: len(seen) == 2)
    assert seen[1].causation_id == asked.id


# -- errors --


@each_call
def test_an_error_in_it_is_raised_and_nothing_is_sent(
    open_bus: OpenBus, call: Callable[[EventBus, Event], Any]
) -> None:
    outer, inner = Witness("outer"), Witness("inner")
    bus = open_bus(outer, Stubborn(), inner)
    found = messages_on_the_wire(bus)
    with pytest.raises(PermissionError, match="not this one"):
        call(bus, Event("asked", "no"))
    assert found == []
    assert outer.notes == [("outer", "publishing", "no"), ("outer", "published", PermissionError)]
    assert inner.notes == []
    call(bus, Event("asked", "yes"))
    assert len(found) == 1


def test_an_error_among_many_is_raised_before_any_of_them_is_sent(open_bus: OpenBus) -> None:
    witness = Witness()
    bus = open_bus(witness, Stubborn())
    found = messages_on_the_wire(bus)
    with pytest.raises(PermissionError):
        bus.publish_many([Event("asked", 1), Event("asked", "no"), Event("asked", 2)])
    assert found == []
    assert [note[1:] for note in witness.notes] == [
        ("publishing", 1),
        ("publishing", "no"),
        ("published", PermissionError),
        ("published", NotSent),
    ]


class ClosesAfterTwo(MemoryLink):
    """A connection that takes two messages and no more."""

    taken = 0

    def publish(self, *message: Any, **options: Any) -> "Future[None]":
        self.taken += 1
        if self.taken > 2:
            raise BusClosed("it took two")
        return super().publish(*message, **options)


def test_each_of_many_is_told_when_the_bus_closes_among_them() -> None:
    witness = Witness()
    bus = ObservedBus(ClosesAfterTwo(MemoryBroker()), "meca-exporter", [witness])
    with bus, pytest.raises(BusClosed, match="it took two"):
        bus.publish_many(Event("asked", number) for number in range(5))
    outcomes = [note[2] for note in witness.notes if note[1] == "published"]
    assert outcomes == [None, None, BusClosed, NotSent, NotSent]


def test_an_event_that_cannot_be_sent_is_told_too(open_bus: OpenBus) -> None:
    witness = Witness()
    with pytest.raises(InvalidEvent):
        open_bus(witness).publish(Event("asked", object()))
    assert witness.notes[1:] == [("witness", "published", InvalidEvent)]


def test_an_event_that_the_broker_does_not_get_is_told_with_its_error(open_bus: OpenBus) -> None:
    witness = Witness()
    bus = open_bus(witness)
    bus.link.close()
    with pytest.raises(BusClosed):
        bus.publish(Event("asked"))
    assert witness.notes[1:] == [("witness", "published", BusClosed)]


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(1)], ids=repr)
def test_an_error_in_published_is_logged_and_changes_nothing(
    open_bus: OpenBus, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Middleware):
        def published(self, *_outcome: Any) -> None:
            raise error

    witness = Witness()
    bus = open_bus(witness, Broken())
    with caplog.at_level(logging.ERROR):
        bus.publish(Event("asked", 1))
        bus.publish_many([Event("asked", 2)])
    assert [note[2] for note in witness.notes] == [1, None, 2, None]
    assert len(caplog.records) == 2
    assert "Broken" in caplog.records[0].getMessage()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("number", 1, "only text may go there"),
        (1, "number", "only text may go there"),
        ("", "nameless", "of 0 bytes"),
        ("é" * 128, "long", "of 256 bytes"),
        ("large", "x" * 20_000, "16384 may go"),
        ("torn", "\ud800", "not text"),
    ],
    ids=str,
)
def test_headers_that_no_message_can_carry_are_refused_in_a_sentence(
    open_bus: OpenBus, name: Any, value: Any, sentence: str
) -> None:
    class Careless(Middleware):
        def publishing(self, publication: Publication) -> None:
            publication.headers[name] = value

    with pytest.raises(InvalidEvent, match=sentence):
        open_bus(Careless()).publish(Event("asked"))


def test_what_is_no_middleware_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match=r"not an instance of bus_core\.Middleware"):
        connect("memory://", service="meca-exporter", middleware=[Witness])
