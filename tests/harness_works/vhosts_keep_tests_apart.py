"""Every test gets a broker of its own in the shape of a vhost."""

import pika
import pytest

from tests.harness.rabbitmq import RabbitNode
from tests.harness.vhosts import Vhost


def names_of_queues(vhost: Vhost) -> list[str]:
    """What the management API lists in this vhost."""
    return [queue["name"] for queue in vhost.api("GET", "queues/{vhost}?disable_stats=true")]


def test_what_one_declares_the_other_does_not_see(rabbit_node: RabbitNode) -> None:
    """Two tests may use the same names."""
    with rabbit_node.vhost() as one, rabbit_node.vhost() as other:
        assert one.vhost != other.vhost
        with one.connect() as connection:
            connection.channel().queue_declare("q", durable=True)
        assert names_of_queues(one) == ["q"]
        assert names_of_queues(other) == []


def test_a_vhost_ends_with_its_test(rabbit_node: RabbitNode) -> None:
    """Nothing is left on the shared broker, connections included."""
    with rabbit_node.vhost() as vhost:
        connection = vhost.connect()
        channel = connection.channel()
    with pytest.raises(pika.exceptions.AMQPError):
        channel.queue_declare("q", durable=True)
    assert vhost.vhost not in [known["name"] for known in rabbit_node.api("GET", "vhosts")]


def test_the_fixture_gives_one(rabbit: Vhost) -> None:
    """With all that clients and the management API need to reach it."""
    assert rabbit.vhost != "/"
    assert rabbit.amqp_url.endswith(f"/{rabbit.vhost}")
    assert rabbit.management_url == rabbit.node.management_url
    with rabbit.connect() as connection:
        assert connection.is_open


def test_its_queues_may_be_quorum_by_default(rabbit_node: RabbitNode) -> None:
    """As installations do that declare nothing classic any more."""
    with rabbit_node.vhost(default_queue_type="quorum") as vhost:
        with vhost.connect() as connection:
            connection.channel().queue_declare("q", durable=True)
        assert vhost.api("GET", "queues/{vhost}/q")["type"] == "quorum"
