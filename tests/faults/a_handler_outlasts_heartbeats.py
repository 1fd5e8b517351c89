"""A handler may run for many heartbeats' length: the connection stays, nothing is redelivered."""

import time
from collections.abc import Callable

import pytest

from bus_core import Event, connect
from tests.faults.conftest import Books, Service
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

EVENT_TYPE = "longEvent"
HANDLER_SECONDS = 10.0


def compute(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def connections(rabbit: Vhost) -> list[str]:
    found = rabbit.api("GET", "vhosts/{vhost}/connections")
    return sorted(one["name"] for one in found if "worker" in one.get("user_provided_name", ""))


@pytest.mark.parametrize("spend", [time.sleep, compute], ids=["waiting", "computing"])
def test_no_disconnect(rabbit: Vhost, books: Books, spend: Callable[[float], None]) -> None:
    def handle(event: Event) -> None:
        if event.payload == "long":
            spend(HANDLER_SECONDS)

    far_url = f"{rabbit.amqp_url}?heartbeat=1"
    with (
        Service(far_url, EVENT_TYPE, handle=handle) as service,
        connect(rabbit.amqp_url, service="publisher") as bus,
    ):
        before = wait_until(lambda: len(found := connections(rabbit)) == 3 and found)
        events = [Event(EVENT_TYPE, payload) for payload in ("short", "long", "short")]
        bus.publish_many(events)
        published = [event.id for event in events]
        service.wait_for_all(published)
        assert connections(rabbit) == before
    print(f"\n{books.count(published, service.handled)}")
    assert service.handled == published
