"""Delivery counts and limits, as quorum queues have them."""

from collections.abc import Callable

from bus_core.message import Message
from bus_core.topology import Policy
from tests.unit.bus_core.memory.conftest import Bench


def test_a_quorum_queue_counts_returns(bench: Bench) -> None:
    bench.queue("q", queue_type="quorum")
    consumer = bench.consume("q")
    bench.send("q", "1")
    consumer.settle(requeue=True)
    consumer.settle(requeue=True)
    assert [one.delivery_count for one in consumer.deliveries] == [0, 1, 2]
    headers = [one.message.headers.get("x-delivery-count") for one in consumer.deliveries]
    assert headers == [None, 1, 2]


def test_a_lost_consumer_counts_as_a_return(bench: Bench) -> None:
    bench.queue("q", queue_type="quorum")
    bench.send("q", "1")
    bench.consume("q").leave()
    assert bench.consume("q").deliveries[0].delivery_count == 1


def test_a_classic_queue_counts_nothing(bench: Bench) -> None:
    bench.queue("q", delivery_limit=1)
    consumer = bench.consume("q")
    bench.send("q", "1")
    for _ in range(5):
        consumer.settle(requeue=True)
    assert [one.delivery_count for one in consumer.deliveries] == [0] * 6


def test_over_the_limit_it_is_dead_lettered(
    bench: Bench, dead_letters: Callable[[], list[Message]]
) -> None:
    bench.queue("q", queue_type="quorum", delivery_limit=2, dead_letter_exchange="dead")
    consumer = bench.consume("q")
    bench.send("q", "1")
    for _ in range(3):
        consumer.settle(requeue=True)
    assert consumer.got == ["1"] * 3
    (letter,) = dead_letters()
    assert letter.headers["x-death"][0]["reason"] == "delivery_limit"


def test_the_limit_may_come_from_a_policy_and_the_smaller_one_holds(
    bench: Bench, dead_letters: Callable[[], list[Message]]
) -> None:
    bench.queue("q", queue_type="quorum", delivery_limit=5, dead_letter_exchange="dead")
    bench.broker.put_policy(Policy(name="p", pattern="^q$", definition={"delivery-limit": 1}))
    consumer = bench.consume("q")
    bench.send("q", "1")
    consumer.settle(requeue=True)
    consumer.settle(requeue=True)
    assert len(dead_letters()) == 1


def test_a_second_death_in_the_same_queue_raises_the_count(bench: Bench) -> None:
    bench.queue("q", message_ttl=1_000, dead_letter_exchange="again")
    bench.fanout("again", "q")
    bench.send("q", "1")
    bench.clock.advance(3)
    consumer = bench.consume("q")
    (death,) = consumer.deliveries[0].message.headers["x-death"]
    assert death["count"] == 3
