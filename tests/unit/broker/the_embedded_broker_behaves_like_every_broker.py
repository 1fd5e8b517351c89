"""The mock backend passes what RabbitMQ passes."""

import pytest

from bus_core.memory import MemoryBroker
from bus_core.memory.queue import MemoryConsumer
from bus_core.message import Message
from bus_core.topology import Binding
from eventbus_admin.broker.interface import Broker
from eventbus_admin.broker.mock import MockBroker
from tests.unit.broker.behaviour import BrokerBehaviour, Hands


class MemoryHands(Hands):
    def __init__(self, memory: MemoryBroker) -> None:
        self._memory = memory

    def send(self, queue: str, count: int) -> None:
        for _ in range(count):
            self._memory.publish("", queue, Message(body=b"{}"))

    def hold(self, queue: str, prefetch: int) -> None:
        consumer = MemoryConsumer(lambda _delivery: None, lambda: None, prefetch)
        self._memory.attach(queue, consumer, owner=self, last=False)

    def delete_queue(self, name: str) -> None:
        self._memory.delete_queue(name)

    def delete_exchange(self, name: str) -> None:
        self._memory.delete_exchange(name)

    def unbind(self, binding: Binding) -> None:
        self._memory.unbind(binding)


class TestMockBroker(BrokerBehaviour):
    @pytest.fixture
    def memory(self) -> MemoryBroker:
        return MemoryBroker()

    @pytest.fixture
    def broker(self, memory: MemoryBroker) -> Broker:
        return MockBroker(memory)

    @pytest.fixture
    def hands(self, memory: MemoryBroker) -> Hands:
        return MemoryHands(memory)


def test_two_embedded_brokers_are_not_taken_for_one() -> None:
    first, second = MemoryBroker(), MemoryBroker()
    assert MockBroker(first).info().identity != MockBroker(second).info().identity
    assert MockBroker(first).info().identity == MockBroker(first).info().identity
