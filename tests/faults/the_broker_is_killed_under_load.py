"""`kill -9` of the broker: publishers and workers go on by themselves, and nothing is lost."""

from collections.abc import Callable

import pytest

from tests.faults.conftest import Books
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.rabbitmq import RabbitNode

EVENT_TYPE = "loadEvent"


@pytest.mark.timeout(240)
def test_every_event_whose_publish_returned_is_handled(
    own_rabbit_node: RabbitNode, program: Callable[..., ManagedProcess], books: Books
) -> None:
    url = own_rabbit_node.amqp_url
    worker = program("worker", url, "load-worker", EVENT_TYPE, file="handled")
    publisher = program("publisher", url, EVENT_TYPE, file="published", more=("2",))
    # What is published before the queue is bound has no subscriber, so begin with the first one.
    wait_until(lambda: len(books.read("handled")) > 50, timeout=30)
    own_rabbit_node.flush()  # or RabbitMQ forgets its newest queues
    early = set(books.read("published")) - set(books.read("handled"))

    for _ in range(2):
        own_rabbit_node.kill()
        before = len(books.read("published"))
        own_rabbit_node.start()
        wait_until(
            lambda: len(books.read("published")) > before + 200,  # noqa: B023
            timeout=60,
            message=publisher.output_tail,
        )
        wait_until(
            lambda: len(books.read("handled")) > before + 200,  # noqa: B023
            timeout=60,
            message=worker.output_tail,
        )

    assert publisher.terminate() == 0
    published = [one for one in books.read("published") if one not in early]
    handled = books.wait_for_all(published, "handled")
    assert worker.terminate() == 0
    print(f"\n{books.count(published, handled)} across 2 kills of the broker")
    assert "not published" not in publisher.output
