"""At-least-once dead-lettering: what has no way out stays, and everybody behind it waits."""

from bus_core.memory import MemoryBroker
from bus_core.message import Message
from bus_core.topology import Binding, Exchange, service_topology, subscription_topology
from tests.unit.bus_core.memory.conftest import Bench


def retry(broker: MemoryBroker, target: str, body: str) -> None:
    broker.publish("retry__s__1000", target, Message(body=body.encode()))


def test_a_retry_comes_back_to_the_queue_it_is_for(bench: Bench) -> None:
    bench.broker.declare_exchange(Exchange(name="event__a"))
    bench.broker.declare_exchange(Exchange(name="event__b"))
    for event_type in ("a", "b"):
        bench.declare(service_topology("s", (1_000,)) + subscription_topology(event_type, "s"))
    retry(bench.broker, "consumer__a__s", "for a")
    bench.clock.advance(1)
    assert bench.consume("consumer__a__s").got == ["for a"]
    assert bench.consume("consumer__b__s").got == []


def test_without_an_alternate_exchange_one_lost_queue_holds_up_all(bench: Bench) -> None:
    topology = service_topology("s", (1_000,))
    bench.broker.declare_exchange(Exchange(name="service__s", type="direct"))
    for exchange in topology.exchanges:
        if exchange.name != "service__s":
            bench.broker.declare_exchange(exchange)
    for queue in topology.queues:
        bench.broker.declare_queue(queue)
    for binding in topology.bindings:
        bench.broker.bind(binding)
    bench.queue("there")
    bench.broker.bind(Binding(source="service__s", queue="there", routing_key="there"))
    retry(bench.broker, "gone", "stuck")
    retry(bench.broker, "there", "behind it")
    bench.clock.advance(60)
    assert (bench.ready("retry__s__1000"), bench.ready("there")) == (2, 0)
    bench.queue("gone")
    bench.broker.bind(Binding(source="service__s", queue="gone", routing_key="gone"))
    bench.clock.advance(2)
    assert (bench.ready("gone"), bench.ready("there")) == (1, 1)


def test_with_the_alternate_exchange_it_becomes_a_dead_letter_and_the_next_passes(
    bench: Bench,
) -> None:
    bench.declare(service_topology("s", (1_000,)))
    bench.queue("there")
    bench.broker.bind(Binding(source="service__s", queue="there", routing_key="there"))
    retry(bench.broker, "gone", "lost its queue")
    retry(bench.broker, "there", "behind it")
    bench.clock.advance(1)
    dead, there = bench.consume("dead__s"), bench.consume("there")
    assert (dead.got, there.got) == (["lost its queue"], ["behind it"])
    assert dead.deliveries[0].routing_key == "gone"


def test_at_most_once_drops_what_has_no_way_out(bench: Bench) -> None:
    bench.queue("q", message_ttl=1_000, dead_letter_exchange="missing")
    bench.send("q", "one", "two")
    bench.clock.advance(1)
    assert bench.ready("q") == 0
