"""A plan compares two pictures and explains each difference."""

from dataclasses import replace

import pytest

from bus_core.topology import (
    Binding,
    Exchange,
    Queue,
    QueueKind,
    Topology,
    bus_topology,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)
from eventbus_admin.broker.interface import (
    BrokerInfo,
    ExchangeBinding,
    ExchangeState,
    Observation,
    QueueState,
)
from eventbus_admin.reconcile.models import Sync
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.ownership import belongs_to, only_ours
from eventbus_admin.reconcile.plan import Item, StepKind, make_plan

BROKER = BrokerInfo(identity="x", name="x", version="")
QUEUE = "consumer__T__S"


def wanted(kind: QueueKind = QueueKind.QUORUM) -> Topology:
    return merge(
        (
            bus_topology(),
            event_type_topology("T"),
            service_topology("S", (1000, 60_000)),
            subscription_topology("T", "S", kind),
        )
    )


def as_seen(topology: Topology, default_type: str = "classic") -> Observation:
    """What a broker shows that has just this."""
    return Observation(
        broker=BROKER,
        exchanges=tuple(ExchangeState(exchange=one) for one in topology.exchanges),
        queues=tuple(
            QueueState(
                queue=replace(one, arguments={"x-queue-type": default_type, **one.arguments})
            )
            for one in topology.queues
        ),
        bindings=topology.bindings,
        policies=topology.policies,
        default_queue_type=default_type,
    )


def only_step(seen: Observation, topology: Topology) -> Item:
    (step,) = only_ours(make_plan(seen, topology)).steps
    return step


def with_queue(seen: Observation, name: str, **arguments: object) -> Observation:
    """The same with other arguments of one queue."""
    return replace(
        seen,
        queues=tuple(
            replace(one, queue=replace(one.queue, arguments=arguments))
            if one.queue.name == name
            else one
            for one in seen.queues
        ),
    )


@pytest.mark.parametrize("kind", list(QueueKind))
@pytest.mark.parametrize("default_type", ["classic", "quorum"])
def test_a_broker_that_has_it_all_needs_no_steps(kind: QueueKind, default_type: str) -> None:
    plan = make_plan(as_seen(wanted(kind), default_type), wanted(kind))
    assert plan.steps == ()
    assert plan.counts == {"in_sync": len(plan.items)}


def test_an_empty_broker_gets_everything_in_an_order_that_works() -> None:
    plan = make_plan(Observation(broker=BROKER), wanted())
    assert {one.step for one in plan.items} == {StepKind.CREATE}
    kinds = [one.object for one in plan.items]
    assert kinds == sorted(kinds, key=list(ObjectKind).index)
    assert list(dict.fromkeys(kinds)) == ["exchange", "policy", "queue", "binding"]


@pytest.mark.parametrize("item", make_plan(Observation(broker=BROKER), wanted()).items)
def test_every_missing_object_has_its_sentence(item: Item) -> None:
    assert item.reason.endswith(".")
    assert " until " in item.reason


def test_sentences_name_the_consequence() -> None:
    reasons = {
        one.name: one.reason for one in make_plan(Observation(broker=BROKER), wanted()).items
    }
    assert reasons["event__T"] == "T cannot be published until its exchange is made."
    assert reasons[QUEUE] == "S gets no T until its queue is made."
    assert reasons["retry__S__60000"] == "S cannot retry after 1 min until it is made."
    assert reasons[f"event__T → {QUEUE}"] == ("T does not reach S and is lost to it until bound.")


def test_a_queue_with_other_arguments_is_blocked() -> None:
    seen = with_queue(as_seen(wanted()), QUEUE, **{"x-queue-type": "quorum", "x-max-length": 5})
    step = only_step(seen, wanted())
    assert (step.step, step.name, step.applicable) == (StepKind.BLOCKED, QUEUE, False)
    assert "x-max-length should be absent, is 5" in step.reason
    assert "x-overflow should be reject-publish, is absent" in step.reason


def test_a_queue_of_another_type_is_blocked() -> None:
    step = only_step(with_queue(as_seen(wanted()), QUEUE, **{"x-queue-type": "classic"}), wanted())
    assert step.step is StepKind.BLOCKED
    assert "type should be quorum, is classic" in step.reason


def test_a_plain_queue_is_what_the_broker_makes_of_it() -> None:
    plain = wanted(QueueKind.CLASSIC)
    seen = as_seen(plain, "quorum")
    assert make_plan(seen, plain).steps == ()
    assert only_step(replace(seen, default_queue_type="classic"), plain).step is StepKind.BLOCKED


@pytest.mark.parametrize(
    "other",
    [
        ExchangeState(exchange=Exchange(name="event__T", type="topic")),
        ExchangeState(exchange=Exchange(name="event__T", durable=False)),
        ExchangeState(exchange=Exchange(name="event__T", arguments={"x": 1})),
        ExchangeState(exchange=Exchange(name="event__T"), auto_delete=True),
        ExchangeState(exchange=Exchange(name="event__T"), internal=True),
    ],
)
def test_an_exchange_that_differs_is_blocked(other: ExchangeState) -> None:
    seen = as_seen(wanted())
    changed = [other if one.exchange.name == "event__T" else one for one in seen.exchanges]
    step = only_step(replace(seen, exchanges=tuple(changed)), wanted())
    assert (step.step, step.name) == (StepKind.BLOCKED, "event__T")
    assert " should be " in step.reason


@pytest.mark.parametrize(
    "change",
    [
        {"pattern": "^x"},
        {"definition": {"delivery-limit": 1}},
        {"priority": 9},
        {"apply_to": "all"},
    ],
)
def test_a_policy_that_differs_is_changed_back(change: dict[str, object]) -> None:
    seen = as_seen(wanted())
    (policy,) = seen.policies
    step = only_step(replace(seen, policies=(replace(policy, **change),)), wanted())
    assert (step.step, step.wanted) == (StepKind.CHANGE, policy)


def test_a_missing_binding_is_created() -> None:
    seen = as_seen(wanted())
    event = Binding(source="event__T", queue=QUEUE)
    step = only_step(
        replace(seen, bindings=tuple(one for one in seen.bindings if one != event)), wanted()
    )
    assert (step.step, step.wanted) == (StepKind.CREATE, event)
    assert belongs_to(step) == ("S", "T")


def test_our_queue_behind_somebody_elses_exchange_is_unmanaged() -> None:
    seen = as_seen(wanted())
    foreign = Binding(source="orders", queue=QUEUE, routing_key="#")
    step = only_step(replace(seen, bindings=(*seen.bindings, foreign)), wanted())
    assert (step.step, step.name) == (StepKind.UNMANAGED, f"orders → {QUEUE} [#]")
    assert step.wanted is None


def test_our_queue_behind_another_event_type_is_unmanaged() -> None:
    other = wanted() + event_type_topology("U")
    seen = as_seen(other)
    crossed = Binding(source="event__U", queue=QUEUE)
    step = only_step(replace(seen, bindings=(*seen.bindings, crossed)), other)
    assert step.reason.startswith(f"U also goes to the queue {QUEUE}, of which")


def test_a_binding_from_our_exchange_to_another_exchange_is_unmanaged() -> None:
    seen = replace(
        as_seen(wanted()),
        exchange_bindings=(ExchangeBinding(source="event__T", destination="copies"),),
    )
    step = only_step(seen, wanted())
    assert (step.step, step.name) == (StepKind.UNMANAGED, "event__T → copies (exchange)")


def test_a_plan_changes_nothing_that_it_is_given() -> None:
    seen, topology = as_seen(wanted()), wanted()
    before = repr(seen), repr(topology)
    assert make_plan(seen, topology) == make_plan(seen, topology)
    assert (repr(seen), repr(topology)) == before


def test_an_unmanaged_queue_says_what_it_holds() -> None:
    seen = as_seen(Topology(queues=(Queue(name="consumer__Gone__S"),)))
    seen = replace(seen, queues=(replace(seen.queues[0], ready=3, unacked=2, consumers=1),))
    step = only_step(seen, Topology())
    assert step.found is not None
    assert (step.found["messages"], step.found["consumers"]) == (5, 1)
    assert step.sync is Sync.UNMANAGED
