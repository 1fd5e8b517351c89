"""Each message becomes one row, however often it is delivered and whoever leads."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bus_core import Event, RetryPolicy
from bus_core.broker_bus import BrokerBus
from bus_core.envelope import decode
from bus_core.memory import MemoryLink
from bus_core.topology import dead_letters
from eventbus_admin.deadletters import taking_in, wire
from eventbus_admin.deadletters.loop import Session
from eventbus_admin.deadletters.models import DeadLetter
from eventbus_admin.reconcile.lease import Leadership, LeaseLost
from eventbus_admin.reconcile.models import Lease
from tests.harness.poll import wait_until
from tests.unit.deadletters.conftest import SERVICE, Bench


def arrived(session: Session, number: int) -> list[taking_in.Arrived]:
    """Wait until so many were delivered to a keeper that has not written them."""
    session._sources.follow([SERVICE])
    wait_until(lambda: len(session._sources.waiting(100)) == number)
    return session._sources.waiting(100)


def test_one_that_is_delivered_again_makes_no_second_row(bench: Bench) -> None:
    bench.publish("once")
    # Written and never acknowledged, because the connection is lost at that moment
    taking_in.take_in(bench.session._fence, arrived(bench.session, 1))
    bench.session._sources.close()
    assert DeadLetter.objects.count() == 1

    bench.session = bench.lead(bench.leadership)
    bench.until(lambda: bench.in_queue() == 0)

    assert DeadLetter.objects.count() == 1


def test_so_it_is_with_what_no_worker_named(bench: Bench) -> None:
    bench.put(b"not an event", key="consumer__gone__meca-exporter", message_id="m1")
    taking_in.take_in(bench.session._fence, arrived(bench.session, 1))
    bench.session._sources.close()

    bench.session = bench.lead(bench.leadership)
    bench.until(lambda: bench.in_queue() == 0)

    assert DeadLetter.objects.count() == 1


def test_two_that_are_the_same_to_the_byte_are_two(bench: Bench) -> None:
    for _ in range(2):
        bench.put(b"the same", key="consumer__gone__meca-exporter")
    bench.taken_in(2)


def test_an_event_that_gave_up_twice_is_two(bench: Bench) -> None:
    bench.publish("twice")
    (first,) = bench.taken_in()
    bench.publisher.publish(first_event(first))
    both = bench.taken_in(2)
    assert both[0].event_id == both[1].event_id


def first_event(letter: DeadLetter) -> Event:
    return decode(wire.delivery_of(letter.properties, letter.body).message).event


def test_who_was_overtaken_writes_nothing_and_the_next_takes_it_in(bench: Bench) -> None:
    bench.publish("for two leaders")
    slow = bench.session
    held = arrived(slow, 1)
    Lease.objects.update(expires=timezone.now() - timedelta(seconds=1))
    bench.session = bench.lead(Leadership())

    with pytest.raises(LeaseLost):
        taking_in.take_in(slow._fence, held)
    assert not DeadLetter.objects.exists()
    slow._sources.close()
    (letter,) = bench.taken_in()

    assert letter.event_id
    bench.until(lambda: bench.in_queue() == 0)


def test_what_cannot_be_read_is_kept_to_the_byte(bench: Bench) -> None:
    body = b"\xff\x00 not JSON \x80"
    bench.put(body, headers={"x-odd": b"\x00\xfe", "when": timezone.now(), "deep": {"a": [1, 2.5]}})

    (letter,) = bench.taken_in()

    assert (letter.decodable, letter.reason) == (False, "undecodable")
    assert bytes(letter.body) == body
    kept = wire.delivery_of(letter.properties, letter.body).message
    assert kept.headers["x-odd"] == b"\x00\xfe"
    assert kept.headers["deep"] == {"a": [1, 2.5]}


def test_a_stray_says_so(bench: Bench) -> None:
    bench.put(b"{}", key="consumer__gone__meca-exporter")
    (letter,) = bench.taken_in()
    assert letter.reason == "stray"
    assert "there was no queue 'consumer__gone__meca-exporter'" in letter.error
    assert letter.queue == "consumer__gone__meca-exporter"


def test_only_queues_of_registered_services_are_read(bench: Bench) -> None:
    stranger = BrokerBus(MemoryLink(bench.broker), service="nobody-knows-me")

    def fail(_event: Event) -> None:
        raise ValueError("x")

    stranger.subscribe("beginMecaExport", retry=RetryPolicy(attempts=1))(fail)
    stranger.start()
    bench.wait_for_worker("consumer__beginMecaExport__nobody-knows-me")
    bench.publish("to both")
    bench.taken_in(1)
    left = bench.link.look(dead_letters("nobody-knows-me"))
    assert left is not None
    assert (left.waiting, left.consumers) == (1, 0)
    stranger.close(grace=1)


def test_switched_off_nothing_is_taken_in(bench: Bench, settings: object) -> None:
    settings.EVENTBUS_INGEST_DEAD_LETTERS = False  # type: ignore[attr-defined]
    bench.publish("stays")
    wait_until(lambda: bench.in_queue() == 1)
    for _ in range(3):
        bench.turn()
    assert (bench.in_queue(), DeadLetter.objects.count()) == (1, 0)


def test_when_too_many_wait_the_rest_stays_in_its_queue(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.publish(1)
    bench.taken_in(1)
    monkeypatch.setattr("eventbus_admin.deadletters.loop.MAX_ROWS", 1)
    bench.turn()
    bench.publish(2)
    wait_until(lambda: bench.in_queue() == 1)
    bench.turn()
    assert (bench.in_queue(), DeadLetter.objects.count()) == (1, 1)
