"""Single active consumer: the first one gets everything until it goes."""

from tests.unit.bus_core.memory.conftest import Bench


def test_the_others_wait_their_turn(bench: Bench) -> None:
    bench.queue("q", queue_type="quorum", single_active_consumer=True)
    first, second = bench.consume("q", prefetch=1), bench.consume("q", prefetch=1)
    bench.send("q", "1", "2", "3")
    assert (first.got, second.got) == (["1"], [])
    first.settle()
    assert (first.got, second.got) == (["1", "2"], [])
    first.leave()
    assert second.got == ["2"]


def test_a_cancelled_one_is_followed_at_once(bench: Bench) -> None:
    bench.queue("q", queue_type="quorum", single_active_consumer=True)
    first, second = bench.consume("q", prefetch=1), bench.consume("q", prefetch=1)
    bench.send("q", "1", "2")
    bench.broker.stop_deliveries("q", first.consumer)
    assert second.got == ["2"]
