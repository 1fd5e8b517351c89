"""A link that loses its connection: what it held is delivered again, and it goes on."""

from bus_core.link import ConsumeOptions, Settlement
from bus_core.memory import MemoryLink
from bus_core.message import Delivery
from bus_core.topology import Queue, Topology
from tests.unit.bus_core.memory.conftest import Bench


class Reader:
    """Somebody who consumes the queue `q`."""

    def __init__(self, bench: Bench, *, exclusive: bool = False, prefetch: int = 100) -> None:
        self.got: list[Delivery] = []
        self.lost = 0
        self.link = MemoryLink(bench.broker)
        queue = Queue(name="q", exclusive=exclusive, arguments={"x-queue-type": "quorum"})
        options = ConsumeOptions(queue="q", topology=Topology(queues=(queue,)), prefetch=prefetch)
        self.consumption = self.link.consume(options, self.got.append, on_lost=self._on_lost)

    def _on_lost(self) -> None:
        self.lost += 1

    @property
    def bodies(self) -> list[str]:
        return [one.message.body.decode() for one in self.got]


def test_what_was_not_settled_is_delivered_again_in_its_order(bench: Bench) -> None:
    reader = Reader(bench)
    bench.send("q", "1", "2", "3")
    reader.consumption.settle(reader.got[1], Settlement.ACK)
    reader.link.drop()
    assert reader.lost == 1
    assert reader.bodies == ["1", "2", "3", "1", "3"]
    assert [one.delivery_count for one in reader.got] == [0, 0, 0, 1, 1]
    bench.send("q", "4")
    assert reader.bodies[5:] == ["4"]


def test_a_settlement_from_before_is_ignored(bench: Bench) -> None:
    reader = Reader(bench)
    bench.send("q", "1")
    reader.link.drop()
    reader.consumption.settle(reader.got[0], Settlement.ACK)
    assert bench.unacked("q") == 1
    reader.consumption.settle(reader.got[1], Settlement.ACK)
    assert bench.unacked("q") == 0


def test_others_may_get_what_it_held(bench: Bench) -> None:
    cut, other = Reader(bench), Reader(bench)
    bench.send("q", "1", "2")
    cut.link.drop()
    assert cut.bodies == ["1"]
    assert other.bodies == ["2", "1"]


def test_a_consumption_that_was_cancelled_loses_what_it_held_and_stays_away(bench: Bench) -> None:
    reader = Reader(bench)
    bench.send("q", "1")
    reader.consumption.cancel()
    reader.link.drop()
    assert (reader.lost, reader.bodies) == (1, ["1"])
    assert (bench.ready("q"), bench.unacked("q")) == (1, 0)


def test_an_exclusive_queue_goes_with_the_connection_and_is_made_again(bench: Bench) -> None:
    reader = Reader(bench, exclusive=True, prefetch=1)
    bench.send("q", "1", "2")
    reader.link.drop()
    assert (bench.ready("q"), bench.unacked("q")) == (0, 0)
    bench.send("q", "3")
    assert reader.bodies == ["1", "3"]
