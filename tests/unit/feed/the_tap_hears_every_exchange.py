"""The tap follows the event types of the registry and those found on the broker."""

from bus_core.topology import Binding, event_exchange
from eventbus_admin.feed.pump import Pump
from tests.unit.feed.conftest import Bus


def types(*names: str) -> frozenset[str]:
    return frozenset(names)


def test_registered_types_are_heard_from_the_first_event(bus: Bus) -> None:
    bus.tap.follow(types("exportRequested"), types())

    bus.publish("exportRequested")
    assert bus.heard() == ["exportRequested"]


def test_types_that_nobody_registered_are_heard_once_they_are_found(bus: Bus) -> None:
    bus.tap.follow(types(), types())
    bus.publish("stray")
    assert bus.heard() == []

    bus.tap.follow(types(), types("stray"))
    bus.publish("stray")
    assert bus.heard() == ["stray"]
    assert len(bus.taps) == 1


def test_an_exchange_that_is_gone_by_now_is_not_made_again(bus: Bus) -> None:
    bus.tap.follow(types("exportRequested"), types("gone"))

    bus.publish("exportRequested")
    assert bus.heard() == ["exportRequested"]
    assert not bus.broker.has_exchange(event_exchange("gone"))


def test_a_type_that_ends_takes_no_other_with_it(bus: Bus) -> None:
    bus.tap.follow(types("exportRequested", "old"), types())
    before = bus.taps

    bus.tap.follow(types("exportRequested"), types())
    bus.publish("exportRequested")
    bus.publish("old")
    assert bus.heard() == ["exportRequested"]
    assert len(bus.taps) == 1
    assert bus.taps != before


def test_a_binding_that_somebody_removed_is_made_again(bus: Bus) -> None:
    bus.tap.follow(types("exportRequested"), types())
    bus.broker.unbind(Binding(source=event_exchange("exportRequested"), queue=bus.taps[0]))

    bus.tap.follow(types("exportRequested"), types())
    bus.publish("exportRequested")
    assert bus.heard() == ["exportRequested"]


def test_the_tap_takes_nothing_from_anybody_and_leaves_nothing_behind(bus: Bus) -> None:
    bus.tap.follow(types("exportRequested"), types())
    bus.publish("exportRequested")

    queue = bus.broker.snapshot().queues[0]
    assert (queue.ready, queue.unacked) == (0, 0)
    assert queue.queue.exclusive
    assert queue.queue.auto_delete
    bus.tap.close()
    assert bus.taps == []


def test_a_ring_for_the_tap_is_bounded_in_bytes_too() -> None:
    class Unused:
        """Nothing is sent."""

    ring = Pump(Unused()).events  # type: ignore[arg-type]
    for _ in range(100):
        ring.put(None, 1024 * 1024)  # type: ignore[arg-type]
    assert len(ring) == 64
    assert ring.dropped == 36
