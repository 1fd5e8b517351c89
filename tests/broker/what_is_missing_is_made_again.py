"""Objects vanish under a running service: it goes on, and no event that it holds is lost."""

from collections.abc import Iterator
from typing import Any

import pytest

from bus_core import Event, EventBus, RetryPolicy, connect
from bus_core.rabbitmq import consumption
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

QUEUE = "consumer__exportRequested__meca-exporter"
SOON = RetryPolicy(delays_ms=(20,))


class Worker:
    """A running service that keeps what it was given, and fails as often as it is told to."""

    def __init__(self, bus: EventBus) -> None:
        self.bus = bus
        self.payloads: list[Any] = []
        self.failures = 0
        bus.subscribe("exportRequested", retry=SOON)(self.handle)
        bus.start()
        wait_until(self.hears, message="it hears nothing")
        self.payloads.clear()

    def handle(self, event: Event) -> bool:
        self.payloads.append(event.payload)
        if event.payload == "probe" or not self.failures:
            return True
        self.failures -= 1
        return False

    def hears(self) -> bool:
        self.bus.publish(Event("exportRequested", "probe"))
        return bool(self.payloads)

    def publish(self, payload: Any) -> None:
        self.bus.publish(Event("exportRequested", payload))

    def wait_for(self, *payloads: Any) -> None:
        wait_until(lambda: [one for one in self.payloads if one != "probe"] == list(payloads))


@pytest.fixture
def worker(rabbit: Vhost, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setattr(consumption, "REDECLARE_SECONDS", 0.1)
    monkeypatch.setattr(consumption, "LOOK_AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(consumption, "ASSERT_SECONDS", 0.2)
    with connect(rabbit.amqp_url, service="meca-exporter") as bus:
        yield Worker(bus)


def test_a_deleted_retry_step(worker: Worker, rabbit: Vhost) -> None:
    rabbit.api("DELETE", "queues/{vhost}/retry__meca-exporter__20")
    worker.failures = 1
    worker.publish(1)
    worker.wait_for(1, 1)


def test_a_deleted_retry_exchange(worker: Worker, rabbit: Vhost) -> None:
    worker.failures = 1
    worker.publish(1)
    worker.wait_for(1, 1)
    rabbit.api("DELETE", "exchanges/{vhost}/retry__meca-exporter__20")
    worker.failures = 1
    worker.publish(2)
    worker.wait_for(1, 1, 2, 2)


def test_a_deleted_event_exchange(worker: Worker, rabbit: Vhost) -> None:
    rabbit.api("DELETE", "exchanges/{vhost}/event__exportRequested")
    wait_until(worker.hears)
    worker.payloads.clear()
    wait_until(worker.hears, message="its binding is not asserted again")


def test_a_deleted_binding(worker: Worker, rabbit: Vhost) -> None:
    rabbit.api("DELETE", f"bindings/{{vhost}}/e/event__exportRequested/q/{QUEUE}/~")
    worker.payloads.clear()
    wait_until(worker.hears, message="its binding is not asserted again")


def test_a_deleted_queue(worker: Worker, rabbit: Vhost) -> None:
    rabbit.api("DELETE", f"queues/{{vhost}}/{QUEUE}")
    worker.payloads.clear()
    wait_until(worker.hears, message="it does not consume its new queue")


def test_a_retry_whose_queue_is_gone_becomes_a_dead_letter(rabbit: Vhost) -> None:
    failed: list[Event] = []

    def fail(event: Event) -> bool:
        failed.append(event)
        return False

    bus = connect(rabbit.amqp_url, service="meca-exporter")
    bus.subscribe("exportRequested", retry=RetryPolicy(delays_ms=(1_000,)))(fail)
    bus.start()
    wait_until(lambda: bus.publish(Event("exportRequested")) or failed)
    bus.close()
    rabbit.api("DELETE", f"queues/{{vhost}}/{QUEUE}")
    connection = rabbit.connect()
    channel = connection.channel()
    method, _properties, _body = wait_until(
        lambda: (found := channel.basic_get("dead__meca-exporter"))[0] and found
    )
    assert method.routing_key == QUEUE
    connection.close()
