"""Whatever happens in whatever order, registry and broker agree in the end; on RabbitMQ."""

from contextlib import ExitStack

import pytest

from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from tests.broker.rabbitmq_behaves_like_every_broker import AmqpHands
from tests.harness.rabbitmq import RabbitNode
from tests.unit.reconcile.world import Place, play


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_on_rabbitmq(rabbit_node: RabbitNode) -> None:
    def on_rabbitmq() -> Place:
        stack = ExitStack()
        vhost = stack.enter_context(rabbit_node.vhost())
        connection = vhost.connect()
        stack.callback(connection.close)

        def make_broker() -> RabbitMQBroker:
            return RabbitMQBroker(management_url=vhost.management_url, amqp_url=vhost.amqp_url)

        return Place(make_broker=make_broker, hands=AmqpHands(connection), close=stack.close)

    # A world that takes a second on 3.10 takes ten to twenty on RabbitMQ 4.
    worlds = 10 if rabbit_node.version.startswith("4.") else 40
    tally = play(on_rabbitmq, max_examples=worlds, stateful_step_count=25)
    print(f"\nRabbitMQ {rabbit_node.version}: {tally}")
    assert tally["worlds"] >= worlds
