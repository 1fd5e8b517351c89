"""`kill -9` of the node that leads a subscription's queue: the cluster and its clients go on."""

import time
from collections.abc import Callable

import pytest

from bus_core import Event, connect
from bus_core.connecting import open_link
from bus_core.topology import (
    consumer_queue,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)
from tests.faults.conftest import Books
from tests.harness.cluster import RabbitCluster
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess

EVENT_TYPE, SERVICE = "loadEvent", "load-worker"
QUEUE = consumer_queue(EVENT_TYPE, SERVICE)
PUBLISHERS, WORKERS = ("published-1", "published-2"), ("handled-1", "handled-2")
THREADS = "8"
MORE = 500  # events; a worker holds up to a hundred that it got before the kill
KILLS = 2


def declare(url: str) -> None:
    """Make the queue beforehand, so that no event is published before it is bound."""
    link = open_link(url, client_name="test")
    link.declare(
        merge(
            (
                event_type_topology(EVENT_TYPE),
                service_topology(SERVICE),
                subscription_topology(EVENT_TYPE, SERVICE),
            )
        )
    )
    link.close()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_every_event_whose_publish_returned_is_handled(
    rabbit_cluster: RabbitCluster, program: Callable[..., ManagedProcess], books: Books
) -> None:
    url = rabbit_cluster.amqp_url
    declare(url)
    for node in rabbit_cluster.nodes:
        node.flush()  # or RabbitMQ forgets its newest queues
    workers = [program("worker", url, SERVICE, EVENT_TYPE, file=file) for file in WORKERS]
    publishers = [
        program("publisher", url, EVENT_TYPE, file=file, more=(THREADS,)) for file in PUBLISHERS
    ]

    def all_go_on() -> float:
        """Wait until each process has done more, and return the seconds that took."""
        began = time.monotonic()
        before = {file: len(books.read(file)) for file in (*PUBLISHERS, *WORKERS)}
        wait_until(
            lambda: all(len(books.read(file)) > count + MORE for file, count in before.items()),
            timeout=60,
            message=lambda: "\n\n".join(one.output_tail(15) for one in (*publishers, *workers)),
        )
        return time.monotonic() - began

    all_go_on()
    leaders, pauses = [], []
    for _ in range(KILLS):
        leader = rabbit_cluster.leader_of(QUEUE)
        leader.kill()
        pauses.append(all_go_on())
        leader.start()
        rabbit_cluster.wait_until_joined()
        rabbit_cluster.wait_until_whole(QUEUE)
        all_go_on()
        leaders.append(leader)
    assert len(set(leaders)) == KILLS  # whoever comes back does not lead again at once

    assert [one.terminate() for one in publishers] == [0] * len(publishers)
    published = [one for file in PUBLISHERS for one in books.read(file)]
    handled = books.wait_for_all(published, *WORKERS)
    assert [one.terminate() for one in workers] == [0] * len(workers)
    after = ", ".join(f"{pause:.1f} s" for pause in pauses)
    print(f"\n{books.count(published, handled)}; all went on {after} after a leader was killed")
    assert not any("not published" in one.output for one in publishers)


@pytest.mark.long
def test_a_publisher_that_comes_between_two_leaders_gets_through(
    rabbit_cluster: RabbitCluster,
) -> None:
    """On 3.10 its channel is refused for ever, so it needs another one."""
    declare(rabbit_cluster.amqp_url)
    leader = rabbit_cluster.leader_of(QUEUE)
    leader.kill()
    for node in rabbit_cluster.running:
        with connect(node.amqp_url, service="late") as bus:
            bus.publish(Event(EVENT_TYPE), timeout=20)
