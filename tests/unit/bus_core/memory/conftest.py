"""An embedded broker whose clock stands still, and consumers that keep what they get."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core.memory import ManualClock, MemoryBroker
from bus_core.memory.queue import MemoryConsumer
from bus_core.message import Delivery, Message
from bus_core.topology import Binding, Exchange, Queue, Topology


class Consumer:
    """A consumer of one queue."""

    def __init__(self, broker: MemoryBroker, queue: str, owner: object, last: bool, **options: Any):
        self.broker = broker
        self.queue = queue
        self.deliveries: list[Delivery] = []
        self.cancelled = False
        settings = {"prefetch": 100, **options}
        self.consumer = MemoryConsumer(self.deliveries.append, self._on_cancel, **settings)
        self.waiting = broker.attach(queue, self.consumer, owner=owner, last=last)

    def _on_cancel(self) -> None:
        self.cancelled = True

    @property
    def got(self) -> list[str]:
        """The bodies of what it was given."""
        return [one.message.body.decode() for one in self.deliveries]

    def settle(self, position: int = -1, *, requeue: bool = False) -> None:
        """Settle one delivery, the last one unless told otherwise."""
        tag = self.deliveries[position].tag
        self.broker.settle(self.queue, self.consumer, tag, requeue=requeue)

    def leave(self) -> None:
        """End; what it holds goes back."""
        self.broker.detach(self.queue, self.consumer)


class Bench:
    """A broker and short words for what tests do with it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.broker = MemoryBroker(clock=self.clock)

    def declare(self, topology: Topology) -> None:
        """Make all of it."""
        for exchange in topology.exchanges:
            self.broker.declare_exchange(exchange)
        for queue in topology.queues:
            self.broker.declare_queue(queue)
        for binding in topology.bindings:
            self.broker.bind(binding)

    def queue(self, name: str, **arguments: Any) -> None:
        """Make a queue; `message_ttl` stands for `x-message-ttl`."""
        named = {f"x-{key.replace('_', '-')}": value for key, value in arguments.items()}
        self.broker.declare_queue(Queue(name=name, arguments=named))

    def fanout(self, name: str, *queues: str, **arguments: Any) -> None:
        """Make a fanout exchange, bound to queues."""
        self.broker.declare_exchange(Exchange(name=name, arguments=arguments))
        for queue in queues:
            self.broker.bind(Binding(source=name, queue=queue))

    def send(self, queue: str, *bodies: str, **properties: Any) -> None:
        """Put messages into a queue."""
        for body in bodies:
            self.broker.publish("", queue, Message(body=body.encode(), **properties))

    def consume(
        self, queue: str, *, owner: object = None, last: bool = False, **options: Any
    ) -> Consumer:
        """Start a consumer."""
        return Consumer(self.broker, queue, owner, last, **options)

    def ready(self, queue: str) -> int:
        """How many messages wait."""
        return next(one.ready for one in self.broker.snapshot().queues if one.queue.name == queue)

    def unacked(self, queue: str) -> int:
        """How many messages consumers hold."""
        return next(one.unacked for one in self.broker.snapshot().queues if one.queue.name == queue)


@pytest.fixture
def bench() -> Bench:
    """A broker with a clock that the test moves."""
    return Bench()


@pytest.fixture
def dead_letters(bench: Bench) -> Callable[[], list[Message]]:
    """Make exchange and queue `dead`; returns what is in it."""
    bench.queue("dead")
    bench.fanout("dead", "dead")
    consumer = None

    def look() -> list[Message]:
        nonlocal consumer
        consumer = consumer or bench.consume("dead")
        return [one.message for one in consumer.deliveries]

    return look
