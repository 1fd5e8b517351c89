"""Brokers that misbehave, for tests here. No tests."""

from collections.abc import Callable, Collection

from bus_core.memory import MemoryBroker
from bus_core.message import Message
from bus_core.topology import Binding, Exchange, Policy, Queue, Topology
from eventbus_admin.broker.errors import BrokerError, BrokerUnavailable
from eventbus_admin.broker.interface import (
    Broker,
    BrokerInfo,
    ExchangeBinding,
    Observation,
    Touched,
)
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.broker.users import BrokerUser, Grant

AWAY = "RabbitMQ cannot be reached. Start it."


class Wrapped:
    """A broker whose every call can be made to fail, and which counts writes."""

    def __init__(self, inner: Broker) -> None:
        self._inner = inner
        self.counts_lag = inner.counts_lag
        self.away = False
        self.refuse: Callable[[str], BrokerError | None] = lambda _name: None
        self.writes: list[str] = []
        self.looks = 0
        self.connected: dict[str, tuple[str, ...]] = {}

    def info(self) -> BrokerInfo:
        self._check()
        return self._inner.info()

    def observe(self) -> Observation:
        self._check()
        self.looks += 1
        return self._inner.observe()

    def look_again(self, seen: Observation, touched: Collection[Touched]) -> Observation:
        self._check()
        self.looks += 1
        return self._inner.look_again(seen, touched)

    def declare_many(self, topology: Topology) -> None:
        for exchange in topology.exchanges:
            self.declare_exchange(exchange)
        for policy in topology.policies:
            self.put_policy(policy)
        for queue in topology.queues:
            self.declare_queue(queue)
        for binding in topology.bindings:
            self.bind(binding)

    def declare_exchange(self, exchange: Exchange) -> None:
        self._write(exchange.name)
        self._inner.declare_exchange(exchange)

    def declare_queue(self, queue: Queue) -> None:
        self._write(queue.name)
        self._inner.declare_queue(queue)

    def bind(self, binding: Binding) -> None:
        self._write(f"{binding.source} → {binding.queue}")
        self._inner.bind(binding)

    def put_policy(self, policy: Policy) -> None:
        self._write(policy.name)
        self._inner.put_policy(policy)

    def put_user(self, user: BrokerUser) -> None:
        self._write(user.name)
        self._inner.put_user(user)

    def grant(self, grant: Grant) -> None:
        self._write(f"rights of {grant.user}")
        self._inner.grant(grant)

    def delete_user(self, name: str) -> None:
        self._write(f"no {name}")
        self._inner.delete_user(name)

    def connections(self, name: str) -> tuple[str, ...]:
        self._check()
        return self.connected.get(name, ())

    def close_connections(self, name: str, reason: str) -> None:
        self._write(f"connections of {name}")
        self._inner.close_connections(name, reason)

    def unbind(self, binding: Binding) -> None:
        self._write(f"no {binding.source} → {binding.queue}")
        self._inner.unbind(binding)

    def unbind_exchange(self, binding: ExchangeBinding) -> None:
        self._write(f"no {binding.source} → {binding.destination}")
        self._inner.unbind_exchange(binding)

    def delete_queue(self, name: str) -> None:
        self._write(f"no {name}")
        self._inner.delete_queue(name)

    def delete_exchange(self, name: str) -> None:
        self._write(f"no {name}")
        self._inner.delete_exchange(name)

    def delete_policy(self, name: str) -> None:
        self._write(f"no {name}")
        self._inner.delete_policy(name)

    def _check(self) -> None:
        if self.away:
            raise BrokerUnavailable(AWAY)

    def _write(self, name: str) -> None:
        self._check()
        if error := self.refuse(name):
            raise error
        self.writes.append(name)


def wrapped(memory: MemoryBroker) -> Wrapped:
    """The embedded broker, about to misbehave."""
    return Wrapped(MockBroker(memory))


def fill(memory: MemoryBroker, queue: str, count: int) -> None:
    """Put messages into a queue."""
    for _ in range(count):
        memory.publish("", queue, Message(body=b"{}"))
