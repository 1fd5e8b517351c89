"""Exchanges, bindings, and messages that nobody takes."""

import pytest

from bus_core.errors import InvalidEvent, NotFound, PreconditionFailed, PublishRefused, Unroutable
from bus_core.memory import MemoryLink
from bus_core.message import Message
from bus_core.topology import (
    Binding,
    Exchange,
    Queue,
    Topology,
    handling_topology,
    retry_topology,
)
from tests.unit.bus_core.memory.conftest import Bench

MESSAGE = Message(body=b"it")


def test_a_fanout_exchange_copies_to_every_queue_once(bench: Bench) -> None:
    bench.queue("a")
    bench.queue("b")
    bench.fanout("x", "a", "b")
    bench.broker.bind(Binding(source="x", queue="a", routing_key="again"))
    assert bench.broker.publish("x", "any", MESSAGE) == 2
    assert (bench.ready("a"), bench.ready("b")) == (1, 1)


def test_a_direct_exchange_goes_by_the_key(bench: Bench) -> None:
    bench.queue("a")
    bench.queue("b")
    bench.broker.declare_exchange(Exchange(name="x", type="direct"))
    for name in ("a", "b"):
        bench.broker.bind(Binding(source="x", queue=name, routing_key=name))
    assert bench.broker.publish("x", "b", MESSAGE) == 1
    assert (bench.ready("a"), bench.ready("b")) == (0, 1)


def test_the_default_exchange_goes_by_the_queues_name(bench: Bench) -> None:
    bench.queue("a")
    assert bench.broker.publish("", "a", MESSAGE) == 1
    assert bench.broker.publish("", "missing", MESSAGE) == 0


def test_alternate_exchanges_that_point_at_each_other_end(bench: Bench) -> None:
    bench.broker.declare_exchange(Exchange(name="x", arguments={"alternate-exchange": "y"}))
    bench.broker.declare_exchange(Exchange(name="y", arguments={"alternate-exchange": "x"}))
    assert bench.broker.publish("x", "", MESSAGE) == 0


def test_unbinding_and_deleting_take_effect_at_once(bench: Bench) -> None:
    bench.queue("a")
    bench.fanout("x", "a")
    bench.broker.unbind(Binding(source="x", queue="a"))
    assert bench.broker.publish("x", "", MESSAGE) == 0
    bench.broker.delete_exchange("x")
    with pytest.raises(NotFound):
        bench.broker.publish("x", "", MESSAGE)


def test_a_full_queue_refuses_or_drops_as_it_was_made(bench: Bench) -> None:
    bench.queue("refuses", max_length=1, overflow="reject-publish")
    bench.queue("drops", max_length=1)
    bench.send("drops", "old", "new")
    assert bench.consume("drops").got == ["new"]
    bench.send("refuses", "old")
    with pytest.raises(PreconditionFailed):
        bench.send("refuses", "new")
    assert bench.consume("refuses").got == ["old"]


def test_declaring_the_same_again_is_harmless_and_other_properties_are_refused(
    bench: Bench,
) -> None:
    for _ in range(2):
        bench.queue("q", message_ttl=5)
        bench.fanout("x")
    with pytest.raises(PreconditionFailed):
        bench.queue("q", message_ttl=6)
    with pytest.raises(PreconditionFailed):
        bench.broker.declare_exchange(Exchange(name="x", type="direct"))


def test_a_header_name_that_amqp_cannot_carry_is_refused(bench: Bench) -> None:
    bench.queue("q")
    with pytest.raises(InvalidEvent):
        bench.send("q", "it", headers={"é" * 128: 1})


# -- through a link --


def test_a_mandatory_message_that_no_queue_takes_is_noticed(bench: Bench) -> None:
    bench.fanout("x")
    link = MemoryLink(bench.broker)
    assert link.publish("x", "", MESSAGE).exception() is None
    assert isinstance(link.publish("x", "", MESSAGE, mandatory=True).exception(), Unroutable)


def test_a_mandatory_message_whose_queue_is_gone_has_it_made_again(bench: Bench) -> None:
    link = MemoryLink(bench.broker)
    topology = handling_topology("s") + retry_topology("s", 1_000)
    link.declare(topology)
    bench.broker.delete_queue("retry__s__1000")
    future = link.publish("retry__s__1000", "q", MESSAGE, mandatory=True, ensure=topology)
    assert future.exception() is None
    assert bench.ready("retry__s__1000") == 1


def test_a_refusal_by_a_full_queue_is_known_to_the_publisher(bench: Bench) -> None:
    bench.queue("q", max_length=0, overflow="reject-publish")
    error = MemoryLink(bench.broker).publish("", "q", MESSAGE).exception()
    assert isinstance(error, PublishRefused)
    assert not error.outcome_known


def test_an_object_with_other_properties_is_used_as_it_is(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.queue("q", queue_type="classic")
    other = Queue(name="q", arguments={"x-queue-type": "quorum"})
    MemoryLink(bench.broker).declare(Topology(queues=(other,)))
    assert "q" in caplog.text
    assert bench.broker.snapshot().queues[0].queue.arguments == {"x-queue-type": "classic"}
