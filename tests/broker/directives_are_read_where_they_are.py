"""In a cluster, a stream is given out by the nodes that have a replica: workers find one."""

from contextlib import ExitStack
from typing import Any

import pytest

from bus_core import Event, connect
from bus_core.connecting import open_link
from bus_core.control import Directives, SubscriptionDirective
from bus_core.topology import control_stream, control_topology
from tests.harness.cluster import RabbitCluster
from tests.harness.poll import wait_until

SERVICE = "meca-exporter"
PAUSED = SubscriptionDirective(state="paused")
WORKERS = 4


@pytest.mark.long
def test_a_worker_at_a_node_without_a_replica_follows_its_directives(
    rabbit_cluster: RabbitCluster,
) -> None:
    stream = control_stream(SERVICE)
    link = open_link(rabbit_cluster.amqp_url, client_name="test")

    def tell(**directives: SubscriptionDirective) -> None:
        told = Directives(subscriptions=directives).encode()
        link.publish("", stream, told, mandatory=True).result(30)

    link.declare(control_topology(SERVICE))
    tell(watched=PAUSED)
    home = rabbit_cluster.leader_of(stream)
    away = next(node for node in rabbit_cluster.nodes if node is not home)
    # As on a node that joined after the stream was declared.
    home.tool("rabbitmq-streams", "delete_replica", stream, away.ports.node_name)

    handled: list[Any] = []
    # Each begins at a host by chance; like this they all but surely do at the wrong one.
    url = ",".join([*[away.amqp_url] * WORKERS, home.amqp_url])
    with ExitStack() as stack:
        for _ in range(WORKERS):
            bus = stack.enter_context(connect(url, service=SERVICE))
            for event_type in ("watched", "other"):
                bus.subscribe(event_type)(lambda event: handled.append(event.type))
            bus.start(wait=25)
        publish = stack.enter_context(connect(home.amqp_url, service="submission")).publish
        wait_until(lambda: publish(Event("other")) or "other" in handled)
        publish(Event("watched"))
        publish(Event("other"))
        wait_until(lambda: handled.count("other") >= 2)
        assert "watched" not in handled
        tell(watched=SubscriptionDirective())
        wait_until(lambda: publish(Event("watched")) or "watched" in handled)
    link.close()
