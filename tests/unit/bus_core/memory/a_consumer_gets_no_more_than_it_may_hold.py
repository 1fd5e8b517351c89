"""Prefetch, turns, acknowledgement, and what comes back."""

import pytest

from bus_core.errors import NotFound
from bus_core.topology import Queue
from tests.unit.bus_core.memory.conftest import Bench


def test_it_gets_as_many_as_its_prefetch_and_more_when_it_settles(bench: Bench) -> None:
    bench.queue("q")
    bench.send("q", "1", "2", "3", "4")
    consumer = bench.consume("q", prefetch=2)
    assert (consumer.waiting, consumer.got) == (4, ["1", "2"])
    consumer.settle(0)
    assert consumer.got == ["1", "2", "3"]


def test_prefetch_0_and_automatic_acknowledgement_have_no_limit(bench: Bench) -> None:
    bench.queue("q")
    bench.send("q", *map(str, range(200)))
    assert len(bench.consume("q", prefetch=0).got) == 200
    bench.queue("automatic")
    consumer = bench.consume("automatic", prefetch=1, auto_ack=True)
    bench.send("automatic", *map(str, range(200)))
    assert (len(consumer.got), bench.unacked("automatic")) == (200, 0)


def test_consumers_take_turns(bench: Bench) -> None:
    bench.queue("q")
    first, second = bench.consume("q"), bench.consume("q")
    bench.send("q", "1", "2", "3", "4")
    assert sorted([first.got, second.got]) == [["1", "3"], ["2", "4"]]


def test_what_a_lost_consumer_held_comes_back_in_its_place(bench: Bench) -> None:
    bench.queue("q")
    bench.send("q", "1", "2", "3", "4", "5")
    first = bench.consume("q", prefetch=3)
    first.settle(1)
    first.leave()
    second = bench.consume("q")
    assert second.got == ["1", "3", "4", "5"]
    assert [one.redelivered for one in second.deliveries] == [True, True, True, False]


def test_a_stopped_consumer_may_still_settle(bench: Bench) -> None:
    bench.queue("q")
    consumer = bench.consume("q")
    bench.send("q", "1")
    bench.broker.stop_deliveries("q", consumer.consumer)
    bench.send("q", "2")
    consumer.settle(0)
    assert (consumer.got, bench.unacked("q"), bench.ready("q")) == (["1"], 0, 1)


def test_settling_twice_is_settling_once(bench: Bench) -> None:
    bench.queue("q")
    consumer = bench.consume("q")
    bench.send("q", "1")
    consumer.settle(0, requeue=True)
    consumer.settle(0, requeue=True)
    assert consumer.got == ["1", "1"]


def test_a_deleted_queue_tells_its_consumers_and_gives_nothing_back(bench: Bench) -> None:
    bench.queue("q")
    consumer = bench.consume("q")
    bench.send("q", "1")
    bench.broker.delete_queue("q")
    assert consumer.cancelled
    consumer.settle(0, requeue=True)  # is ignored
    consumer.leave()
    bench.queue("q")
    assert bench.ready("q") == 0


def test_a_queue_that_is_not_there_has_no_consumers(bench: Bench) -> None:
    with pytest.raises(NotFound, match="missing"):
        bench.consume("missing")


def test_a_purge_spares_what_is_held(bench: Bench) -> None:
    bench.queue("q")
    bench.send("q", "1", "2", "3")
    bench.consume("q", prefetch=1)
    assert bench.broker.purge("q") == 2
    assert (bench.ready("q"), bench.unacked("q")) == (0, 1)


def test_an_auto_deleted_queue_goes_with_its_last_consumer(bench: Bench) -> None:
    bench.broker.declare_queue(Queue(name="q", auto_delete=True))
    first, second = bench.consume("q"), bench.consume("q")
    first.leave()
    assert bench.broker.has_queue("q")
    second.leave()
    assert not bench.broker.has_queue("q")
