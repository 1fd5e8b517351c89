"""`kill -9` of the broker: publishers and workers go on by themselves, and nothing is lost."""

from collections.abc import Callable

import pytest

from tests.faults.conftest import Books
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.rabbitmq import RabbitNode

EVENT_TYPE = "loadEvent"


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("kills", "processes"), [(2, 1), pytest.param(10, 4, marks=pytest.mark.long)]
)
def test_every_event_whose_publish_returned_is_handled(
    own_rabbit_node: RabbitNode,
    program: Callable[..., ManagedProcess],
    books: Books,
    kills: int,
    processes: int,
) -> None:
    url = own_rabbit_node.amqp_url
    handled_in = [f"handled-{number}" for number in range(processes)]
    published_in = [f"published-{number}" for number in range(processes)]

    def count(files: list[str]) -> int:
        return sum(len(books.read(file)) for file in files)

    workers = [program("worker", url, "load-worker", EVENT_TYPE, file=file) for file in handled_in]
    publishers = [
        program("publisher", url, EVENT_TYPE, file=file, more=("2",)) for file in published_in
    ]
    # What is published before the queue is bound has no subscriber, so begin with the first one.
    wait_until(lambda: count(handled_in) > 50, timeout=30)
    own_rabbit_node.flush()  # or RabbitMQ forgets its newest queues
    handled_early = {one for file in handled_in for one in books.read(file)}
    early = {one for file in published_in for one in books.read(file)} - handled_early

    for _ in range(kills):
        own_rabbit_node.kill()
        before = count(published_in)
        own_rabbit_node.start()
        for files, all_of_them in ((published_in, publishers), (handled_in, workers)):
            wait_until(
                lambda: count(files) > before + 200,  # noqa: B023
                timeout=60,
                message=lambda: "\n\n".join(one.output_tail(15) for one in all_of_them),  # noqa: B023
            )

    assert [one.terminate() for one in publishers] == [0] * processes
    published = [one for file in published_in for one in books.read(file) if one not in early]
    handled = books.wait_for_all(published, *handled_in)
    assert [one.terminate() for one in workers] == [0] * processes
    print(f"\n{books.count(published, handled)} across {kills} kills of the broker")
    assert not any("not published" in one.output for one in publishers)
