"""A node of a cluster goes down: what it held is out of service, and looks go on."""

import pytest

from bus_core.topology import Binding, Exchange, Queue
from eventbus_admin.broker.errors import BrokerUnavailable
from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from tests.harness.cluster import RabbitCluster
from tests.harness.poll import wait_until

CLASSIC = {"x-queue-type": "classic"}
QUORUM = {"x-queue-type": "quorum"}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_look_is_complete(rabbit_cluster: RabbitCluster) -> None:
    first, second, _third = rabbit_cluster.nodes

    def broker_at(node_url: str) -> RabbitMQBroker:
        return RabbitMQBroker(management_url=node_url, amqp_url=first.amqp_url)

    there, here = broker_at(second.management_url), broker_at(first.management_url)
    there.declare_exchange(Exchange(name="event__A"))
    for name, arguments in (("classic", CLASSIC), ("quorum", QUORUM)):
        there.declare_queue(Queue(name=name, arguments=arguments))
        there.bind(Binding(source="event__A", queue=name))
    before = here.observe()
    assert {one.queue.name for one in before.queues} == {"classic", "quorum"}

    second.kill()
    wait_until(lambda: len(rabbit_cluster.running) == 2)

    def in_service() -> set[str]:
        return {one.queue.name for one in here.observe().queues if one.in_service}

    wait_until(lambda: in_service() == {"quorum"}, timeout=60, ignoring=BrokerUnavailable)
    # A process that has just started asks the witness, too.
    seen = broker_at(first.management_url).observe()
    print(f"\n{[(one.queue.name, one.state) for one in seen.queues]}, {seen.bindings}")
    assert "quorum" in {one.queue.name for one in seen.queues}
