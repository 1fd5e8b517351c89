"""Time to live: a message leaves the queue when it is old and nobody older is before it."""

from collections.abc import Callable

from bus_core.message import Message
from bus_core.topology import Policy
from tests.unit.bus_core.memory.conftest import Bench


def test_a_message_expires_after_the_queues_time(bench: Bench) -> None:
    bench.queue("q", message_ttl=1_000)
    bench.send("q", "one")
    bench.clock.advance(0.999)
    assert bench.ready("q") == 1
    bench.clock.advance(0.001)
    assert bench.ready("q") == 0


def test_a_message_expires_after_its_own_time(bench: Bench) -> None:
    bench.queue("q")
    bench.send("q", "one", expiration="500")
    bench.clock.advance(0.5)
    assert bench.ready("q") == 0


def test_of_two_times_the_shorter_counts(bench: Bench) -> None:
    bench.queue("q", message_ttl=1_000)
    bench.send("q", "one", expiration="5000")
    bench.clock.advance(1)
    assert bench.ready("q") == 0


def test_an_expired_message_waits_behind_an_older_one_that_is_not(bench: Bench) -> None:
    bench.queue("q")
    bench.send("q", "long", expiration="5000")
    bench.send("q", "short", expiration="1000")
    bench.clock.advance(1)
    assert bench.ready("q") == 2
    bench.clock.advance(4)
    assert bench.ready("q") == 0


def test_a_message_in_somebodys_hands_does_not_expire(bench: Bench) -> None:
    bench.queue("q", message_ttl=1_000)
    consumer = bench.consume("q")
    bench.send("q", "one")
    bench.clock.advance(5)
    assert bench.unacked("q") == 1
    consumer.settle()
    assert (bench.ready("q"), bench.unacked("q")) == (0, 0)


def test_an_expired_message_is_dead_lettered_with_a_note(
    bench: Bench, dead_letters: Callable[[], list[Message]]
) -> None:
    bench.queue("q", message_ttl=1_000, dead_letter_exchange="dead")
    bench.send("q", "one", expiration="700")
    bench.clock.advance(0.7)
    (letter,) = dead_letters()
    (death,) = letter.headers["x-death"]
    assert (death["queue"], death["reason"], death["count"]) == ("q", "expired", 1)
    assert letter.headers["x-first-death-queue"] == "q"
    assert letter.expiration is None


def test_a_policy_that_comes_later_does_not_touch_what_is_there(bench: Bench) -> None:
    bench.queue("q")
    bench.send("q", "before")
    bench.broker.put_policy(Policy(name="p", pattern="^q$", definition={"message-ttl": 1_000}))
    bench.send("q", "after")
    bench.clock.advance(1)
    assert bench.ready("q") == 2
