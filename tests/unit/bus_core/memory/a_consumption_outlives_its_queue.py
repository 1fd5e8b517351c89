"""A link's consumption waits for its queue, and takes it up again when it is back."""

from bus_core.link import ConsumeOptions, Settlement
from bus_core.memory import MemoryLink
from bus_core.memory.link import REDECLARE_SECONDS
from bus_core.message import Delivery
from bus_core.topology import Queue, Topology
from tests.unit.bus_core.memory.conftest import Bench

QUEUE = Topology(queues=(Queue(name="q"),))


def test_it_waits_until_somebody_declares_the_queue(bench: Bench) -> None:
    got: list[Delivery] = []
    ready: list[int | None] = []
    options = ConsumeOptions(queue="q", may_declare=False)
    MemoryLink(bench.broker).consume(options, got.append, on_ready=ready.append)
    assert ready == [None]
    bench.queue("q")
    bench.send("q", "1")
    assert ready == [None, 0]
    assert len(got) == 1


def test_a_deleted_queue_is_left_to_the_admin_first_and_declared_again_later(
    bench: Bench,
) -> None:
    got: list[Delivery] = []
    MemoryLink(bench.broker).consume(ConsumeOptions(queue="q", topology=QUEUE), got.append)
    bench.broker.delete_queue("q")
    bench.clock.advance(REDECLARE_SECONDS - 1)
    assert not bench.broker.has_queue("q")
    bench.clock.advance(1)
    bench.send("q", "1")
    assert len(got) == 1


def test_a_settlement_for_the_queue_that_is_gone_does_not_touch_the_new_one(bench: Bench) -> None:
    got: list[Delivery] = []
    link = MemoryLink(bench.broker)
    consumption = link.consume(ConsumeOptions(queue="q", topology=QUEUE), got.append)
    bench.send("q", "old")
    bench.broker.delete_queue("q")
    bench.queue("q")
    bench.send("q", "new")
    consumption.settle(got[0], Settlement.ACK)
    assert bench.unacked("q") == 1
    consumption.settle(got[1], Settlement.ACK)
    assert bench.unacked("q") == 0


def test_a_closed_link_leaves_its_queues(bench: Bench) -> None:
    got: list[Delivery] = []
    link = MemoryLink(bench.broker)
    link.consume(ConsumeOptions(queue="q", topology=QUEUE), got.append)
    bench.send("q", "1")
    link.close()
    bench.send("q", "2")
    assert (len(got), bench.ready("q"), bench.unacked("q")) == (1, 2, 0)
