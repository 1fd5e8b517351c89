"""The management of a real RabbitMQ node, through our interface."""

from collections.abc import Iterator
from urllib.parse import quote

import pika
import pytest

from bus_core.topology import Binding, Queue
from eventbus_admin.broker.interface import Broker, ExchangeBinding
from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from tests.harness.vhosts import Vhost
from tests.unit.broker.behaviour import BrokerBehaviour, Hands


class AmqpHands(Hands):
    def __init__(self, connection: pika.BlockingConnection) -> None:
        self._connection = connection
        self._channel = connection.channel()
        self._channel.confirm_delivery()

    def send(self, queue: str, count: int) -> None:
        for _ in range(count):
            self._channel.basic_publish("", queue, b"{}", mandatory=True)

    def hold(self, queue: str, prefetch: int) -> None:
        self._channel.basic_qos(prefetch_count=prefetch)
        self._channel.basic_consume(queue, lambda *_args: None)

    def delete_queue(self, name: str) -> None:
        self._channel.queue_delete(name)

    def delete_exchange(self, name: str) -> None:
        self._channel.exchange_delete(name)

    def unbind(self, binding: Binding) -> None:
        self._channel.queue_unbind(binding.queue, binding.source, binding.routing_key)

    def bind_exchange(self, source: str, destination: str) -> None:
        self._channel.exchange_bind(destination, source, "")


@pytest.fixture
def broker(rabbit: Vhost) -> Broker:
    return RabbitMQBroker(management_url=rabbit.management_url, amqp_url=rabbit.amqp_url)


@pytest.fixture
def hands(rabbit: Vhost) -> Iterator[AmqpHands]:
    connection = rabbit.connect()
    yield AmqpHands(connection)
    connection.close()


class TestRabbitMQBroker(BrokerBehaviour):
    @pytest.fixture
    def broker(self, broker: Broker) -> Broker:
        return broker

    @pytest.fixture
    def hands(self, hands: AmqpHands) -> Hands:
        return hands


def test_a_binding_between_exchanges_is_seen(broker: Broker, hands: AmqpHands) -> None:
    hands.bind_exchange("amq.fanout", "amq.direct")
    seen = broker.observe()
    assert seen.bindings == ()
    assert seen.exchange_bindings == (
        ExchangeBinding(source="amq.fanout", destination="amq.direct"),
    )


def test_a_binding_between_exchanges_is_taken_away(broker: Broker, hands: AmqpHands) -> None:
    hands.bind_exchange("amq.fanout", "amq.direct")
    hands.bind_exchange("amq.fanout", "amq.topic")
    broker.unbind_exchange(ExchangeBinding(source="amq.fanout", destination="amq.direct"))
    assert [one.destination for one in broker.observe().exchange_bindings] == ["amq.topic"]


def test_a_binding_with_arguments_counts_as_one_without(
    broker: Broker, hands: AmqpHands, rabbit: Vhost
) -> None:
    broker.declare_queue(Queue(name="q"))
    where = "bindings/{vhost}/e/amq.fanout/q/q"
    rabbit.api("POST", where, {"routing_key": "", "arguments": {"x": 1}})
    rabbit.api("POST", where, {"routing_key": "", "arguments": {}})
    assert broker.observe().bindings == (Binding(source="amq.fanout", queue="q"),)


def test_under_a_default_of_quorum_a_plain_queue_is_quorum(rabbit: Vhost) -> None:
    with rabbit.node.vhost(default_queue_type="quorum") as vhost:
        broker = RabbitMQBroker(management_url=vhost.management_url, amqp_url=vhost.amqp_url)
        broker.declare_queue(Queue(name="plain"))
        seen = broker.observe()
        assert (seen.default_queue_type, seen.queues[0].type) == ("quorum", "quorum")


def test_a_virtual_host_of_any_name_is_reached(rabbit: Vhost) -> None:
    name = "a b/ä%2F"
    encoded = quote(name, safe="")
    rabbit.node.api("PUT", f"vhosts/{encoded}", {})
    try:
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        rabbit.node.api("PUT", f"permissions/{encoded}/guest", rights)
        url = f"amqp://guest:guest@127.0.0.1:{rabbit.node.ports.amqp}/{encoded}"
        broker = RabbitMQBroker(management_url=rabbit.management_url, amqp_url=url)
        broker.declare_queue(Queue(name="q"))
        assert [one.queue.name for one in broker.observe().queues] == ["q"]
    finally:
        rabbit.node.api("DELETE", f"vhosts/{encoded}")
