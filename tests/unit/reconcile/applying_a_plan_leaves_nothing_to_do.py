"""Whatever is there and whatever is wanted: one apply reaches it, and nothing that was is lost."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from bus_core.memory import MemoryBroker
from bus_core.topology import (
    Binding,
    Exchange,
    Policy,
    Queue,
    QueueKind,
    Topology,
    bus_topology,
    consumer_policy,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
    tap_queue,
)
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile.apply import apply_steps
from eventbus_admin.reconcile.models import Sync
from eventbus_admin.reconcile.ownership import only_ours
from eventbus_admin.reconcile.plan import Plan, make_plan

TYPES = ("exportRequested", "export.Done", "A")
SERVICES = ("export-manager", "meca_exporter", "S")

subscriptions = st.builds(
    lambda event_type, service, kind, delays: merge(
        (
            event_type_topology(event_type),
            service_topology(service, delays),
            subscription_topology(event_type, service, kind),
        )
    ),
    st.sampled_from(TYPES),
    st.sampled_from(SERVICES),
    st.just(QueueKind.QUORUM),
    st.sets(st.sampled_from((500, 1000, 60_000))).map(sorted),
)
wanted_topologies = st.lists(subscriptions, max_size=4).map(
    lambda parts: merge((bus_topology(), *parts))
)


def made_wrongly(topology: Topology) -> Topology:
    """The same names with other properties."""
    return Topology(
        exchanges=tuple(Exchange(name=one.name, type="topic") for one in topology.exchanges),
        queues=tuple(
            Queue(name=one.name, arguments={"x-max-length": 1}) for one in topology.queues
        ),
        policies=(Policy(name=consumer_policy().name, pattern="^x", definition={"max-length": 1}),),
    )


FOREIGN = Topology(
    exchanges=(Exchange(name="orders", type="topic"), Exchange(name="consumer__A__S")),
    queues=(Queue(name="orders"), Queue(name="event__A"), tap_queue("a1b2")),
    bindings=(Binding(source="orders", queue="orders", routing_key="#"),),
    policies=(Policy(name="theirs", pattern=".*", definition={"max-length": 9}),),
)


@st.composite
def brokers(draw: st.DrawFn) -> tuple[MemoryBroker, Topology]:
    """A broker with some of what is wanted, some of it wrong, some unmanaged, some foreign."""
    wanted = draw(wanted_topologies)
    others = draw(wanted_topologies)
    memory = MemoryBroker()
    for topology in (made_wrongly(wanted), wanted, others, FOREIGN):
        for exchange in draw(subsets(topology.exchanges)):
            if not memory.has_exchange(exchange.name):
                memory.declare_exchange(exchange)
        for queue in draw(subsets(topology.queues)):
            if not memory.has_queue(queue.name):
                memory.declare_queue(queue)
        for binding in draw(subsets(topology.bindings)):
            if memory.has_exchange(binding.source) and memory.has_queue(binding.queue):
                memory.bind(binding)
        for policy in draw(subsets(topology.policies)):
            memory.put_policy(policy)
    return memory, wanted


def subsets(objects: Iterable[object]) -> st.SearchStrategy[list[object]]:
    values = list(objects)
    return st.lists(st.sampled_from(values), unique_by=id) if values else st.just([])


def planned(broker: MockBroker, wanted: Topology) -> Plan:
    return only_ours(make_plan(broker.observe(), wanted))


@settings(deadline=None)
@given(brokers())
def test_one_apply_is_enough(given_broker: tuple[MemoryBroker, Topology]) -> None:
    memory, wanted = given_broker
    broker = MockBroker(memory)
    before = memory.snapshot()
    first = planned(broker, wanted)

    results = apply_steps(broker, first.applicable)

    assert all(one.done for one in results)
    second = planned(broker, wanted)
    assert second.applicable == ()
    # What an apply must not touch is still there, and still as it was.
    after = memory.snapshot()
    assert set(after.exchanges) >= set(before.exchanges)
    assert {one.queue for one in after.queues} >= {one.queue for one in before.queues}
    assert set(after.bindings) >= set(before.bindings)
    left = {Sync.BLOCKED, Sync.UNMANAGED}
    assert [one for one in second.steps if one.sync in left] == [
        one for one in first.steps if one.sync in left
    ]
    # Everything wanted is accounted for.
    assert {one.name for one in second.items if one.should is not None} == {
        one.name for one in first.items if one.should is not None
    }


@settings(deadline=None)
@given(brokers())
def test_planning_twice_gives_the_same_plan(
    given_broker: tuple[MemoryBroker, Topology],
) -> None:
    memory, wanted = given_broker
    seen = MockBroker(memory).observe()
    assert make_plan(seen, wanted) == make_plan(seen, wanted)


@settings(deadline=None)
@given(brokers())
def test_foreign_objects_are_never_in_a_plan(
    given_broker: tuple[MemoryBroker, Topology],
) -> None:
    memory, wanted = given_broker
    keys = {one.key for one in planned(MockBroker(memory), wanted).items}
    foreign = {
        ("exchange", "orders"),
        ("exchange", "consumer__A__S"),
        ("queue", "orders"),
        ("queue", "event__A"),
        ("queue", "tap__a1b2"),
        ("binding", "orders → orders [#]"),
        ("policy", "theirs"),
    }
    assert not keys & foreign
