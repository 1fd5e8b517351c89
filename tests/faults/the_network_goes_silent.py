"""The network stalls, or is deaf one way: nobody hangs past a deadline, and nothing is lost."""

import time
from collections.abc import Callable

import pytest

from bus_core import Event, PublishTimeout, connect
from bus_core.rabbitmq import publisher
from tests.faults.conftest import Books, Service
from tests.harness.load import Load
from tests.harness.poll import wait_until
from tests.harness.relay import Relay, Way
from tests.harness.vhosts import Vhost

EVENT_TYPE = "farEvent"
DEADLINE_SECONDS = 2.0
SLACK_SECONDS = 1.0

SILENCES = {
    "stalled both ways": Relay.stall,
    "deaf on the way out": lambda relay: relay.blackhole(Way.OUT),
    "deaf on the way back": lambda relay: relay.blackhole(Way.BACK),
}
silences = pytest.mark.parametrize("fall_silent", SILENCES.values(), ids=SILENCES.keys())
Silence = Callable[[Relay], None]


@pytest.fixture
def far_url(rabbit: Vhost, relay: Relay) -> str:
    """Through the relay, with heartbeats that notice a dead connection within seconds."""
    return f"{relay.through(rabbit.amqp_url)}?heartbeat=1"


@silences
def test_publishing_ends_by_its_deadline_and_goes_on_afterwards(
    rabbit: Vhost,
    relay: Relay,
    far_url: str,
    fall_silent: Silence,
    books: Books,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publisher, "STALL_SECONDS", 1.0)
    with (
        Service(rabbit.amqp_url, EVENT_TYPE) as near,
        Load(far_url, EVENT_TYPE, timeout=DEADLINE_SECONDS) as load,
    ):
        for _ in range(2):
            before, failed = len(load.returned), len(load.unknown)
            wait_until(lambda: len(load.returned) > before + 200, message=lambda: str(load))  # noqa: B023
            fall_silent(relay)
            wait_until(lambda: len(load.unknown) > failed, message=lambda: str(load))  # noqa: B023
            relay.resume()
        before = len(load.returned)
        wait_until(lambda: len(load.returned) > before + 200, timeout=30, message=lambda: str(load))
        load.stop()
        near.wait_for_all(load.returned)
    print(f"\n{load}\n{books.count(load.returned, near.handled)}")
    assert load.longest < DEADLINE_SECONDS + SLACK_SECONDS
    assert set(load.errors) <= {"PublishTimeout", "NotSent"}
    assert not set(load.absent) & set(near.handled)


@silences
def test_one_publish_says_that_its_outcome_is_unknown(
    rabbit: Vhost, relay: Relay, far_url: str, fall_silent: Silence
) -> None:
    with connect(far_url, service="publisher") as bus:
        bus.publish(Event(EVENT_TYPE))
        fall_silent(relay)
        began = time.monotonic()
        with pytest.raises(PublishTimeout) as caught:
            bus.publish(Event(EVENT_TYPE), timeout=1)
        assert time.monotonic() - began < 1 + SLACK_SECONDS
        assert not caught.value.outcome_known
        relay.resume()
        bus.publish(Event(EVENT_TYPE), timeout=20)


def both_ways_again(
    rabbit: Vhost, relay: Relay, url: str, fall_silent: Silence, books: Books
) -> None:
    """Let a service that publishes and consumes notice a silence by itself, and go on."""
    patient: list[str] = []
    with (
        Service(url, EVENT_TYPE) as far,
        Load(rabbit.amqp_url, EVENT_TYPE, timeout=DEADLINE_SECONDS, threads=1) as load,
    ):
        wait_until(lambda: len(far.handled) > 200, timeout=30)
        far.bus.publish(Event(EVENT_TYPE))
        fall_silent(relay)
        event = Event(EVENT_TYPE)
        future = far.bus.publish_soon(event, timeout=200)
        wait_until(lambda: far.bus.link.state.value != "open", timeout=100)  # type: ignore[attr-defined]
        relay.resume()
        future.result(60)
        patient.append(event.id)
        load.stop()
        far.wait_for_all([*load.returned, *patient])
    print(f"\n{load}\n{books.count([*load.returned, *patient], far.handled)}")
    assert not load.errors


@pytest.mark.parametrize(
    "fall_silent",
    [
        pytest.param(SILENCES["stalled both ways"], id="stalled both ways"),
        pytest.param(SILENCES["deaf on the way out"], id="deaf on the way out"),
        pytest.param(SILENCES["deaf on the way back"], id="back", marks=pytest.mark.long),
    ],
)
def test_heartbeats_notice_it_and_both_connections_come_back(
    rabbit: Vhost, relay: Relay, far_url: str, fall_silent: Silence, books: Books
) -> None:
    both_ways_again(rabbit, relay, far_url, fall_silent, books)


@pytest.mark.long
@pytest.mark.timeout(300)
@silences
def test_heartbeats_as_they_are_notice_it_too(
    rabbit: Vhost, relay: Relay, fall_silent: Silence, books: Books
) -> None:
    both_ways_again(rabbit, relay, relay.through(rabbit.amqp_url), fall_silent, books)


def test_closing_does_not_wait_for_a_silent_broker(rabbit: Vhost, relay: Relay) -> None:
    service = Service(relay.through(rabbit.amqp_url), EVENT_TYPE)
    service.bus.publish(Event(EVENT_TYPE))
    relay.stall()
    future = service.bus.publish_soon(Event(EVENT_TYPE), timeout=2)
    began = time.monotonic()
    service.bus.close(grace=1)
    took = time.monotonic() - began
    print(f"\nclosed after {took:.1f} s")
    assert took < 12
    assert isinstance(future.exception(0), PublishTimeout)
