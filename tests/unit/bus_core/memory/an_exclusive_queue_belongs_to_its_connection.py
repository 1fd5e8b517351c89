"""Exclusive queues: for their owner only, and gone when it goes."""

import pytest

from bus_core.errors import AccessRefused, NotFound
from bus_core.link import ConsumeOptions
from bus_core.memory import MemoryLink
from bus_core.topology import Queue, Topology, tap_queue
from tests.unit.bus_core.memory.conftest import Bench


def test_nobody_else_may_use_it(bench: Bench) -> None:
    owner, other = object(), object()
    queue = Queue(name="q", exclusive=True)
    bench.broker.declare_queue(queue, owner)
    with pytest.raises(AccessRefused):
        bench.broker.declare_queue(queue, other)
    with pytest.raises(AccessRefused):
        bench.consume("q", owner=other)
    assert bench.consume("q", owner=owner).got == []


def test_it_goes_with_its_connection(bench: Bench) -> None:
    link = MemoryLink(bench.broker)
    tap = tap_queue("a1")
    link.consume(ConsumeOptions(queue=tap.name, topology=Topology(queues=(tap,))), print)
    assert bench.broker.has_queue(tap.name)
    link.close()
    with pytest.raises(NotFound):
        bench.consume(tap.name)
