"""Only names that the bus makes are ours, and only for the kind of object it makes them for."""

import pytest

from bus_core.topology import Binding, Exchange, Policy, Queue, Topology, tail_queue, tap_queue
from eventbus_admin.broker.interface import (
    BrokerInfo,
    ExchangeBinding,
    ExchangeState,
    Observation,
    QueueState,
)
from eventbus_admin.reconcile.ownership import only_ours
from eventbus_admin.reconcile.plan import make_plan


def shown(**seen: tuple[object, ...]) -> list[str]:
    """Names of what is shown of a broker that nothing is wanted of."""
    broker = BrokerInfo(identity="x", name="x", version="")
    observation = Observation(broker=broker, **seen)  # type: ignore[arg-type]
    return [one.name for one in only_ours(make_plan(observation, Topology())).items]


def queue(name: str) -> QueueState:
    return QueueState(queue=Queue(name=name, arguments={"x-queue-type": "classic"}))


@pytest.mark.parametrize(
    "name",
    [
        "orders",
        "consumer",
        "consumer__T",
        "consumer__T__",
        "consumer__T__S__more",
        "my-consumer__T__S",
        "retry__S__0",
        "retry__S__soon",
        "event__T",
        "service__S",
        "bus__reports",
        "amq.gen-x",
    ],
)
def test_a_queue_of_another_name_is_foreign(name: str) -> None:
    assert shown(queues=(queue(name),)) == []


@pytest.mark.parametrize("name", ["consumer__T__S", "dead__S", "retry__S__1000", "control__S"])
def test_a_queue_of_our_names_is_ours(name: str) -> None:
    assert shown(queues=(queue(name),)) == [name]


@pytest.mark.parametrize("name", ["", "amq.fanout", "orders", "consumer__T__S", "control__S"])
def test_an_exchange_of_another_name_is_foreign(name: str) -> None:
    assert shown(exchanges=(ExchangeState(exchange=Exchange(name=name)),)) == []


def test_a_policy_that_is_not_the_bus_s_is_foreign() -> None:
    assert shown(policies=(Policy(name="ha-all", pattern=".*", definition={}),)) == []


@pytest.mark.parametrize("helper", [tap_queue("a1"), tail_queue("b2")])
def test_helpers_that_come_and_go_are_not_shown(helper: Queue) -> None:
    assert shown(queues=(queue(helper.name),)) == []
    assert shown(bindings=(Binding(source="event__T", queue=helper.name),)) == []


def test_a_foreign_queue_that_takes_our_events_is_seen_by_its_binding() -> None:
    names = shown(queues=(queue("spy"),), bindings=(Binding(source="event__T", queue="spy"),))
    assert names == ["event__T → spy"]


def test_bindings_among_others_are_foreign() -> None:
    assert shown(bindings=(Binding(source="orders", queue="spy"),)) == []
    others = (ExchangeBinding(source="orders", destination="copies"),)
    assert shown(exchange_bindings=others) == []


def test_an_exchange_binding_into_ours_is_seen() -> None:
    into = (ExchangeBinding(source="orders", destination="event__T", routing_key="k"),)
    assert shown(exchange_bindings=into) == ["orders → event__T (exchange) [k]"]
