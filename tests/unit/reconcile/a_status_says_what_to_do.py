"""Sync and health of a subscription, each with its sentence."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest

from bus_core.control import SubscriptionDirective
from bus_core.topology import QueueKind, Topology, merge, service_topology
from eventbus_admin.broker.interface import (
    BrokerInfo,
    ExchangeState,
    Observation,
    QueueState,
)
from eventbus_admin.reconcile.backlog import Backlog
from eventbus_admin.reconcile.desired import SubscriptionWish, Wishes, topology_of
from eventbus_admin.reconcile.plan import make_plan
from eventbus_admin.reconcile.status import Status, statuses
from eventbus_admin.registry.states import SubscriptionState

QUEUE = "consumer__beginMecaExport__meca-exporter"
DEAD = "dead__meca-exporter"


def wish(state: SubscriptionState = SubscriptionState.ACTIVE) -> SubscriptionWish:
    return SubscriptionWish(
        id=7,
        event_type="beginMecaExport",
        service="meca-exporter",
        state=state,
        kind=QueueKind.QUORUM,
        delays_ms=(1000,),
        directive=SubscriptionDirective(),
    )


def seen(topology: Topology, queues: dict[str, dict[str, Any]]) -> Observation:
    """A broker that has this topology; counts and states by queue."""
    return Observation(
        broker=BrokerInfo(identity="x", name="x", version=""),
        exchanges=tuple(ExchangeState(exchange=one) for one in topology.exchanges),
        queues=tuple(
            QueueState(queue=one, **{"consumers": 1, **queues.get(one.name, {})})
            for one in topology.queues
        ),
        bindings=topology.bindings,
        policies=topology.policies,
    )


def status(
    wished: SubscriptionState = SubscriptionState.ACTIVE,
    *,
    growing: Collection[str] = (),
    without: Callable[[Topology], Topology] = lambda topology: topology,
    dead: int = 0,
    **queue: Any,
) -> Status:
    one = wish(wished)
    topology = topology_of(Wishes(revision=0, subscriptions=(one,)))
    observation = seen(without(topology), {QUEUE: queue, DEAD: {"ready": dead}})
    return statuses([one], make_plan(observation, topology), observation, growing)[7]


@pytest.mark.parametrize(
    ("found", "health", "message"),
    [
        (status(), "healthy", "In order."),
        (status(ready=1), "healthy", "1 event waits."),
        (status(ready=1204, consumers=3), "healthy", "1,204 events wait."),
        (
            status(consumers=0, ready=12),
            "no_consumers",
            "meca-exporter has no worker; 12 events wait.",
        ),
        (status(consumers=0), "no_consumers", "meca-exporter has no worker; no events wait."),
        (
            status(dead=1),
            "dead_letters",
            ("meca-exporter gave up 1 event: dead__meca-exporter keeps it, and its page says why."),
        ),
        (
            status(consumers=0, dead=1),
            "no_consumers",
            "meca-exporter has no worker; no events wait.",
        ),
        (
            status(ready=5000, growing={QUEUE}),
            "backlog_growing",
            "5,000 events wait and more come than meca-exporter handles. Start more workers.",
        ),
        (status(consumers=None, ready=2), "healthy", "2 events wait."),
        (
            status(state="minority", consumers=0),
            "unknown",
            "Its queue is out of service on the broker (minority). Bring the broker's nodes back.",
        ),
        (
            status(SubscriptionState.PAUSED, ready=1, consumers=0),
            "paused",
            "Paused: 1 event waits.",
        ),
        (status(SubscriptionState.PAUSED, dead=3), "paused", "Paused: no events wait."),
    ],
)
def test_health(found: Status, health: str, message: str) -> None:
    assert (found.sync, found.health, found.message) == ("in_sync", health, message)


def test_counts_are_the_queues() -> None:
    found = status(ready=3, unacked=2, consumers=4)
    assert (found.ready, found.unacked, found.consumers) == (3, 2, 4)


def test_without_its_queue_its_health_is_unknown() -> None:
    found = status(without=lambda all_: replace(all_, queues=all_.queues[:-1]))
    assert (found.sync, found.health) == ("missing", "unknown")
    assert found.message.startswith("meca-exporter gets no beginMecaExport until")


def test_without_a_binding_both_are_said() -> None:
    found = status(consumers=0, without=lambda all_: replace(all_, bindings=all_.bindings[:-2]))
    assert (found.sync, found.health) == ("missing", "no_consumers")
    assert found.message == (
        "beginMecaExport does not reach meca-exporter and is lost to it until bound. "
        "meca-exporter has no worker; no events wait."
    )


@pytest.mark.parametrize("name", ["retry__meca-exporter__1000", DEAD, "control__meca-exporter"])
def test_what_its_service_lacks_it_lacks_too(name: str) -> None:
    found = status(
        without=lambda all_: replace(
            all_, queues=tuple(one for one in all_.queues if one.name != name)
        )
    )
    assert found.sync == "missing"


def test_what_another_service_lacks_is_not_its_business() -> None:
    one = wish()
    topology = topology_of(Wishes(revision=0, subscriptions=(one,)))
    observation = seen(topology, {})
    plan = make_plan(observation, merge((topology, service_topology("other"))))
    assert plan.steps
    assert statuses([one], plan, observation)[7].sync == "in_sync"


@pytest.mark.parametrize(
    ("counts", "grows"),
    [
        ((10, 20, 30, 40), True),
        ((5, 5, 20, 20), True),
        ((10, 20, 30), False),
        ((40, 40, 40, 40), False),
        ((10, 30, 20, 40), False),
        ((1, 2, 3, 4), False),
        ((100, 1, 10, 20, 30), True),
        ((10, 20, 30, 40, 0), False),
    ],
)
def test_a_backlog_grows_when_it_did_so_over_four_looks(
    counts: tuple[int, ...], grows: bool
) -> None:
    backlog = Backlog(spacing=4)
    for look, count in enumerate(counts):
        backlog.note(look * 5.0, {"q": count})
    assert backlog.growing() == (frozenset({"q"}) if grows else frozenset())


def test_looks_in_quick_succession_count_once() -> None:
    backlog = Backlog(spacing=4)
    for look in range(10):
        backlog.note(look * 0.1, {"q": 100 + look})
    assert backlog.growing() == frozenset()


def test_a_queue_that_went_away_is_forgotten() -> None:
    backlog = Backlog(spacing=4)
    for look in range(4):
        backlog.note(look * 5.0, {"q": 100 + look} if look != 2 else {})
    assert backlog.growing() == frozenset()
