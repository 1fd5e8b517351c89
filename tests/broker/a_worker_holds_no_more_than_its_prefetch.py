"""Suspects among other events change the prefetch again and again; what is held stays bounded."""

import threading
import time

import pytest

from bus_core import Event
from bus_core.connecting import open_link
from bus_core.envelope import encode
from tests.faults.conftest import Service
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

EVENT_TYPE = "mixedEvent"
QUEUE = "consumer__mixedEvent__worker"
PREFETCH = 10


@pytest.fixture
def queue(rabbit: Vhost) -> None:
    """Every second event in it came back twice before."""
    with Service(rabbit.amqp_url, EVENT_TYPE):
        pass
    link = open_link(rabbit.amqp_url, client_name="mixer")
    for number in range(200):
        message = encode(Event(EVENT_TYPE, number), service="mixer")
        suspect = {"x-delivery-count": 2} if number % 2 else {}
        message = message.with_headers({**message.headers, **suspect})
        future = link.publish(f"event__{EVENT_TYPE}", "", message)
    future.result(30)
    link.close()


@pytest.mark.usefixtures("queue")
def test_it_takes_no_more_while_it_cannot_handle_any(rabbit: Vhost) -> None:
    go_on = threading.Event()
    with (
        rabbit.connect() as connection,
        Service(
            rabbit.amqp_url, EVENT_TYPE, handle=lambda _: go_on.wait(30), prefetch=PREFETCH
        ) as service,
    ):
        channel = connection.channel()

        def waiting() -> int:
            return channel.queue_declare(QUEUE, passive=True).method.message_count

        try:
            wait_until(lambda: waiting() < 200)
            time.sleep(1)  # for as many more as may come
            # The window, and one more whenever it changes.
            assert 200 - waiting() <= PREFETCH + 2
        finally:
            go_on.set()
        wait_until(lambda: len(service.handled) == 200, timeout=30)
