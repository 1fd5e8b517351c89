"""Without `bursts`, on pika's own connection, everything works as with it, only slower."""

from collections.abc import Iterator
from typing import Any

import pytest
from pika import SelectConnection

from bus_core import Event, EventBus, Reject, RetryPolicy, connect
from bus_core.connecting import open_link
from bus_core.copies import DEAD_ERROR
from bus_core.errors import Unroutable
from bus_core.link import ConsumeOptions, Link
from bus_core.message import Delivery, Message
from bus_core.rabbitmq import connection as connections
from bus_core.rabbitmq.bursts import BurstConnection
from bus_core.topology import consumer_queue, dead_letters, service_exchange
from tests.harness.poll import wait_until
from tests.harness.relay import Relay
from tests.harness.vhosts import Vhost

SOON = RetryPolicy(attempts=3, delays_ms=(20,))
EVENTS = 3_000


@pytest.fixture(params=[SelectConnection, BurstConnection], autouse=True)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type:
    """Of which kind all connections of the test are."""
    chosen: type = request.param
    monkeypatch.setattr(connections, "_Connection", chosen)
    return chosen


@pytest.fixture
def link(rabbit: Vhost) -> Iterator[Link]:
    link = open_link(rabbit.amqp_url, client_name="test")
    yield link
    link.close()


class Exporter:
    """A started service that keeps payloads, and fails so many times for each that is even."""

    def __init__(self, url: str, failures: int = 0, **options: Any) -> None:
        self.bus: EventBus = connect(url, service="exporter")
        self.payloads: list[Any] = []
        self._failures = failures
        self.bus.subscribe("exportRequested", retry=SOON, **options)(self.export)
        self.bus.start(wait=20)

    def export(self, event: Event) -> bool:
        self.payloads.append(event.payload)
        if event.payload == "bad":
            raise Reject("it is bad")
        again = isinstance(event.payload, int) and event.payload % 2 == 0
        return not again or self.payloads.count(event.payload) > self._failures


def test_connections_are_of_the_kind_that_was_chosen(rabbit: Vhost, kind: type) -> None:
    with Exporter(rabbit.amqp_url).bus as bus:
        bus.publish(Event("exportRequested"))
        sides = (bus.link._publishing, bus.link._consuming)  # type: ignore[attr-defined]
        assert {type(side.connection._connection) for side in sides} == {kind}


def test_many_events_arrive_in_order(rabbit: Vhost) -> None:
    exporter = Exporter(rabbit.amqp_url)
    with exporter.bus as bus:
        bus.publish_many(Event("exportRequested", number) for number in range(EVENTS))
        wait_until(lambda: len(exporter.payloads) == EVENTS, timeout=30)
    assert exporter.payloads == list(range(EVENTS))


def test_every_size_of_body_arrives_whole(rabbit: Vhost) -> None:
    exporter = Exporter(rabbit.amqp_url)
    texts = [None, "", *("é" * size for size in (1, 2_000, 70_000, 700_000))]
    with exporter.bus as bus:
        bus.publish_many(Event("exportRequested", text) for text in texts)
        wait_until(lambda: len(exporter.payloads) == len(texts))
    assert exporter.payloads == texts


def test_what_fails_is_handled_again_and_what_is_rejected_is_given_up(
    rabbit: Vhost, link: Link
) -> None:
    exporter = Exporter(rabbit.amqp_url, failures=2)
    dead: list[Delivery] = []
    with exporter.bus as bus:
        bus.publish_many(Event("exportRequested", payload) for payload in (1, 2, "bad", 4))
        expected = sorted([1, 2, 2, 2, 4, 4, 4, "bad"], key=str)
        wait_until(lambda: sorted(exporter.payloads, key=str) == expected)
        link.consume(ConsumeOptions(queue=dead_letters("exporter")), dead.append)
        wait_until(lambda: dead)
    assert [one.message.headers[DEAD_ERROR] for one in dead] == ["it is bad"]


def test_a_message_that_must_reach_a_queue_and_does_not_is_an_error(
    rabbit: Vhost, link: Link
) -> None:
    with Exporter(rabbit.amqp_url).bus:
        key = consumer_queue("exportRequested", "exporter")
        rabbit.api("DELETE", f"exchanges/{{vhost}}/{dead_letters('exporter')}")
        door = service_exchange("exporter")
        futures = [
            link.publish(door, routing_key, Message(body=b"{}"), mandatory=True)
            for routing_key in ("nobody", key, "nobody either")
        ]
        errors = [future.exception(20) for future in futures]
    assert [type(error) for error in errors] == [Unroutable, type(None), Unroutable]
    assert "'nobody'" in str(errors[0])
    assert "'nobody either'" in str(errors[2])


def test_nothing_is_lost_when_connections_are_cut(rabbit: Vhost) -> None:
    with Relay(rabbit.node.ports.amqp) as relay:
        url = rabbit.amqp_url.replace(f":{rabbit.node.ports.amqp}/", f":{relay.port}/")
        exporter = Exporter(url)
        with exporter.bus as bus:
            futures = [
                bus.publish_soon(Event("exportRequested", number)) for number in range(EVENTS)
            ]
            wait_until(futures[EVENTS // 3].done, interval=0.0005)
            wait_until(relay.cut, interval=0.0005)
            assert {future.exception(30) for future in futures} == {None}
            wait_until(lambda: len(set(exporter.payloads)) == EVENTS, timeout=30)
        assert relay.cuts
