"""The exchange and the queue on which all contestants work, as the library declares them."""

from types import TracebackType
from typing import Self

import pika

from benchmarks.job import EVENT_TYPE, PUBLISHER, QUEUE, SERVICE, new_event
from bus_core import RetryPolicy, connect
from bus_core.topology import (
    bus_topology,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)

TOPOLOGY = merge(
    (
        bus_topology(),
        event_type_topology(EVENT_TYPE),
        service_topology(SERVICE, RetryPolicy().delays_ms),
        subscription_topology(EVENT_TYPE, SERVICE),
    )
)


class Stage:
    """Declares and clears the topology over a connection of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        parameters = pika.URLParameters(url)
        parameters.heartbeat = 0  # it is silent while a contestant runs
        self._connection = pika.BlockingConnection(parameters)
        self._channel = self._connection.channel()
        # pika shows them on its asynchronous connections only.
        properties = self._connection._impl.server_properties
        self.broker_version = str(properties.get("version", "unknown"))

    def reset(self) -> None:
        """Make the queue anew; everything else is declared if it is missing."""
        self._channel.queue_delete(QUEUE)
        for exchange in TOPOLOGY.exchanges:
            self._channel.exchange_declare(
                exchange.name, exchange.type, durable=True, arguments=dict(exchange.arguments)
            )
        for queue in TOPOLOGY.queues:
            self._channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
        for binding in TOPOLOGY.bindings:
            self._channel.queue_bind(binding.queue, binding.source, binding.routing_key)

    def fill(self, events: int) -> None:
        """Put so many events of the library's making into the queue."""
        with connect(self.url, service=PUBLISHER) as bus:
            bus.publish_many(new_event() for _ in range(events))

    def messages(self) -> int:
        """Return how many messages wait in the queue."""
        return int(self._channel.queue_declare(QUEUE, passive=True).method.message_count)

    def clear(self) -> None:
        """Remove everything that `reset` declared."""
        for queue in TOPOLOGY.queues:
            self._channel.queue_delete(queue.name)
        for exchange in TOPOLOGY.exchanges:
            self._channel.exchange_delete(exchange.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection.is_open:
            self.clear()
            self._connection.close()
