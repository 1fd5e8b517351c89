"""Exchanges and bindings that the registry does not ask for."""

from collections.abc import Callable

import pytest

from bus_core.topology import Binding, Exchange, Queue, Topology, retry_topology
from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import User
from eventbus_admin.reconcile.models import BrokerObject
from eventbus_admin.reconcile.operations import actions
from eventbus_admin.reconcile.operations.models import Operation
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Subscription
from tests.unit.reconcile.operations.conftest import EVENT_TYPE, QUEUE, Site, removal


def test_an_unused_retry_step_goes_queue_first(site: Site, subscription: Subscription) -> None:
    step = retry_topology("meca-exporter", 7_000)
    site.declare(step)
    site.look()
    name = step.exchanges[0].name
    # When the exchange is asked for first
    operation = site.until(removal(object_kind="exchange", name=name), "done", "failed")
    assert operation.state == "failed"
    assert "Remove what is bound to it first." in operation.sentence
    # Then its queue, which takes the binding along
    assert site.until(removal(name=name), "done", "failed").state == "done"
    site.look()
    operation = site.until(removal(object_kind="exchange", name=name), "done", "failed")
    assert (operation.state, operation.sentence) == ("done", "Removed.")
    site.look()
    assert not BrokerObject.objects.filter(name__contains=name).exists()


def test_a_binding_of_somebody_who_takes_our_events(site: Site, subscription: Subscription) -> None:
    site.declare(Topology(queues=(Queue(name="spy"),)))
    spying = Binding(source=f"event__{EVENT_TYPE}", queue="spy")
    site.memory.bind(spying)
    site.look()
    row = BrokerObject.objects.get(kind="binding", sync="unmanaged")
    operation = site.until(removal(object_kind="binding", name=row.name), "done", "failed")
    assert operation.state == "done"
    bindings = site.memory.snapshot().bindings
    assert spying not in bindings
    assert {one.queue for one in bindings} >= {QUEUE}
    assert site.memory.has_queue("spy")


def test_what_the_registry_asks_for_by_now_stays(
    site: Site, subscription: Subscription, make_event_type: Callable[..., object]
) -> None:
    site.declare(Topology(exchanges=(Exchange(name="event__later"),)))
    site.look()
    operation = removal(object_kind="exchange", name="event__later")
    make_event_type("later")
    assert site.until(operation, "done", "failed").state == "failed"
    assert site.memory.has_exchange("event__later")


def test_only_operators_do_any_of_it(
    site: Site, retired: Subscription, member: User, stranger: User, operator: User
) -> None:
    asked = removal()
    for person in (member, stranger):
        actor = Actor.person(person)
        for action in (
            lambda: removal(actor=actor),  # noqa: B023
            lambda: actions.request_swap(actor=actor, queue=QUEUE),  # noqa: B023
            lambda: actions.pause_operation(actor=actor, operation=asked),  # noqa: B023
            lambda: actions.cancel_operation(actor=actor, operation=asked),  # noqa: B023
        ):
            with pytest.raises(NotAllowed):
                action()
    actions.cancel_operation(actor=Actor.person(operator), operation=asked)
    assert Operation.objects.get().state == "cancelling"


def test_what_is_over_cannot_be_steered(site: Site, retired: Subscription) -> None:
    operation = site.until(removal(), "done")
    for action in (
        actions.pause_operation,
        actions.resume_operation,
        actions.cancel_operation,
    ):
        with pytest.raises(ActionError, match="It is done"):
            action(actor=SYSTEM, operation=operation)
