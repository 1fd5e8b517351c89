"""Policies: the one with the highest priority, whole; an argument and a policy make the minimum."""

from bus_core.topology import Policy
from tests.unit.bus_core.memory.conftest import Bench


def policy(name: str, priority: int = 0, **definition: int | str) -> Policy:
    settings = {key.replace("_", "-"): value for key, value in definition.items()}
    return Policy(name=name, pattern="^q$", definition=settings, priority=priority)


def limit(bench: Bench) -> int:
    """How many messages the queue holds at most."""
    bench.broker.purge("q")
    bench.send("q", *map(str, range(20)))
    return bench.ready("q")


def test_the_highest_priority_applies_and_nothing_is_merged(bench: Bench) -> None:
    bench.queue("q")
    bench.broker.put_policy(policy("low", 1, max_length=3))
    assert limit(bench) == 3
    bench.broker.put_policy(policy("high", 2, message_ttl=5))
    assert limit(bench) == 20
    bench.broker.delete_policy("high")
    assert limit(bench) == 3


def test_a_policy_that_was_there_first_applies_to_a_new_queue(bench: Bench) -> None:
    bench.broker.put_policy(policy("p", max_length=4))
    bench.queue("q")
    assert limit(bench) == 4


def test_an_argument_and_a_policy_make_the_minimum(bench: Bench) -> None:
    bench.queue("q", max_length=6)
    bench.broker.put_policy(policy("p", max_length=9))
    assert limit(bench) == 6
    bench.broker.put_policy(policy("p", max_length=2))
    assert limit(bench) == 2


def test_a_policy_for_others_does_nothing(bench: Bench) -> None:
    bench.queue("q")
    bench.broker.put_policy(Policy(name="p", pattern="^other", definition={"max-length": 1}))
    assert limit(bench) == 20


def test_a_deleted_policy_that_was_never_there_is_harmless(bench: Bench) -> None:
    bench.broker.delete_policy("p")
