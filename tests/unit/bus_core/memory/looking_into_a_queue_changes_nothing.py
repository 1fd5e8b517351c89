"""`peek`: what a queue holds, without taking it or counting it as delivered."""

import pytest

from bus_core.errors import NotFound
from tests.unit.bus_core.memory.conftest import Bench


def test_it_shows_what_waits_and_what_is_held_in_order(bench: Bench) -> None:
    bench.queue("q", queue_type="quorum")
    bench.send("q", "1", "2", "3")
    consumer = bench.consume("q", prefetch=2)
    consumer.settle(0, requeue=True)
    for _ in range(3):
        assert [one.message.body for one in bench.broker.peek("q")] == [b"1", b"2", b"3"]
    assert (bench.ready("q"), bench.unacked("q")) == (1, 2)
    assert [one.delivery_count for one in bench.broker.peek("q")] == [1, 0, 0]


def test_there_must_be_such_a_queue(bench: Bench) -> None:
    with pytest.raises(NotFound):
        bench.broker.peek("q")
