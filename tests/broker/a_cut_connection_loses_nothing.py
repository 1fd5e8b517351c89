"""Connections are cut while events flow: publishers and workers go on, and nothing is lost."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from bus_core import Event, EventBus, connect
from tests.harness.poll import wait_until
from tests.harness.relay import Relay
from tests.harness.vhosts import Vhost

EVENTS = 4_000
CUTS = 6


@pytest.fixture
def relay(rabbit: Vhost) -> Iterator[Relay]:
    with Relay(rabbit.node.ports.amqp) as relay:
        yield relay


@pytest.fixture
def relayed_url(rabbit: Vhost, relay: Relay) -> str:
    return rabbit.amqp_url.replace(f":{rabbit.node.ports.amqp}/", f":{relay.port}/")


@pytest.fixture
def handled() -> list[Any]:
    return []


def worker(url: str, handled: list[Any]) -> EventBus:
    bus = connect(url, service="meca-exporter")
    bus.subscribe("exportRequested")(lambda event: handled.append(event.payload))
    bus.start()
    wait_until(lambda: bus.publish(Event("exportRequested", -1)) or handled)
    return bus


def publish(bus: EventBus, *numbers: int) -> "list[Future[None]]":
    return [bus.publish_soon(Event("exportRequested", number)) for number in numbers]


def first_times(handled: list[Any]) -> list[Any]:
    """What was handled, in order, without what was handled again."""
    return [one for one in dict.fromkeys(handled) if one != -1]


def test_a_publisher_sends_again_what_was_not_confirmed_and_in_order(
    rabbit: Vhost, relay: Relay, relayed_url: str, handled: list[Any]
) -> None:
    with (
        worker(rabbit.amqp_url, handled),
        connect(relayed_url, service="submission") as publisher,
    ):
        publisher.publish(Event("exportRequested", -1))
        futures: list[Future[None]] = []
        part = EVENTS // CUTS
        for start in range(0, part * CUTS, part):
            futures += publish(publisher, *range(start, start + part))
            wait_until(futures[start + part // 3].done, interval=0.0005)
            wait_until(relay.cut, interval=0.0005)
        assert {future.exception(30) for future in futures} == {None}
        wait_until(lambda: len(first_times(handled)) == part * CUTS, timeout=30)
    assert first_times(handled) == list(range(part * CUTS))
    assert relay.cuts >= CUTS
    print(f"\n{len(handled) - len(set(handled))} duplicates after {relay.cuts} cuts")


def test_a_worker_consumes_again_and_gets_what_it_had_not_settled(
    rabbit: Vhost, relay: Relay, relayed_url: str, handled: list[Any]
) -> None:
    with (
        worker(relayed_url, handled),
        connect(rabbit.amqp_url, service="submission") as publisher,
    ):
        futures = publish(publisher, *range(EVENTS))
        for number in range(1, CUTS):
            wanted = number * EVENTS // CUTS
            wait_until(lambda: len(set(handled)) > wanted, interval=0.0005)  # noqa: B023
            wait_until(relay.cut, interval=0.0005)
        assert {future.exception(30) for future in futures} == {None}
        wait_until(lambda: len(first_times(handled)) == EVENTS, timeout=30)
    assert first_times(handled) == list(range(EVENTS))
    print(f"\n{len(handled) - len(set(handled))} duplicates after {relay.cuts} cuts")


def test_the_first_publish_on_a_connection_that_died_unnoticed_is_not_lost(
    rabbit: Vhost, relay: Relay, relayed_url: str, handled: list[Any]
) -> None:
    with (
        worker(rabbit.amqp_url, handled),
        connect(relayed_url, service="submission") as publisher,
    ):
        publisher.publish(Event("exportRequested", -1))
        for number in range(10):
            wait_until(relay.cut, interval=0.0005)
            publisher.publish(Event("exportRequested", number))
        wait_until(lambda: first_times(handled) == list(range(10)))


def test_a_bus_closes_while_its_connection_is_being_cut(relay: Relay, relayed_url: str) -> None:
    for _ in range(5):
        bus = worker(relayed_url, [])
        future = bus.publish_soon(Event("exportRequested", 1))
        relay.cut()
        bus.close()
        assert future.done()
