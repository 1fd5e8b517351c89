"""Messages of a removed queue are kept, restored, discarded, or expire."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from bus_core.message import Message
from bus_core.topology import dead_letters, parse_name
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.reconcile.models import BrokerObject
from eventbus_admin.reconcile.operations import actions
from eventbus_admin.reconcile.operations.models import Operation, Quarantine
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Service, Subscription
from tests.unit.reconcile.operations.conftest import QUEUE, Site, removal

MANY = 250


def quarantined(site: Site) -> Quarantine:
    """Remove the queue with so many messages."""
    site.fill(QUEUE, range(MANY))
    site.look()
    operation = site.until(removal(messages="quarantine", typed=QUEUE), "done", "failed")
    assert (operation.state, operation.moved) == ("done", MANY)
    site.look()
    return Quarantine.objects.get()


def test_everything_is_in_it(site: Site, retired: Subscription) -> None:
    kept = quarantined(site)
    assert not site.memory.has_queue(QUEUE)
    assert sorted(site.holds(kept.name)) == list(range(MANY))
    own = parse_name(kept.name)
    assert own is not None
    assert (own.role, own.source, own.service) == ("quarantine", QUEUE, "meca-exporter")
    assert (kept.source, kept.messages, kept.outcome) == (QUEUE, MANY, "kept")
    assert kept.until is not None
    assert timedelta(days=13) < kept.until - timezone.now() <= timedelta(days=14)
    # It has a page of its own and is no drift.
    assert not BrokerObject.objects.filter(name=kept.name).exists()


@pytest.mark.parametrize("turns", [1, 2, 3, 4, 5])
def test_another_process_takes_it_up(site: Site, retired: Subscription, turns: int) -> None:
    site.fill(QUEUE, range(MANY))
    site.look()
    operation = site.turn(removal(messages="quarantine", typed=QUEUE), turns)
    site.process()
    site.until(operation, "done")
    assert sorted(site.holds(Quarantine.objects.get().name)) == list(range(MANY))


def test_taken_back_the_queue_is_as_it_was(site: Site, retired: Subscription) -> None:
    site.fill(QUEUE, range(MANY))
    site.look()
    before = site.bindings
    operation = site.reach(removal(messages="quarantine", typed=QUEUE), "empty")
    site.turn(operation)
    assert operation.moved
    actions.cancel_operation(actor=SYSTEM, operation=operation)
    site.until(operation, "rolled_back")
    assert sorted(site.holds(QUEUE)) == list(range(MANY))
    assert site.bindings == before
    kept = Quarantine.objects.get()
    assert kept.outcome == "taken_back"
    assert not site.memory.has_queue(kept.name)


def test_taken_back_before_it_began_nothing_was_done(site: Site, retired: Subscription) -> None:
    site.fill(QUEUE, range(3))
    site.look()
    operation = removal(messages="quarantine", typed=QUEUE)
    actions.cancel_operation(actor=SYSTEM, operation=operation)
    site.until(operation, "rolled_back")
    assert site.holds(QUEUE) == [0, 1, 2]
    assert not Quarantine.objects.exists()


def test_an_empty_one_leaves_nothing_behind(site: Site, retired: Subscription) -> None:
    site.until(removal(messages="quarantine"), "done")
    assert not Quarantine.objects.exists()
    assert not [one for one in site.memory.snapshot().queues if "quarantine" in one.queue.name]


def test_it_goes_back_to_the_queue_made_again(site: Site, retired: Subscription) -> None:
    kept = quarantined(site)
    with pytest.raises(ActionError, match="no queue that the registry asks for"):
        actions.request_restore(actor=SYSTEM, quarantine=kept)
    retired.state = "active"
    retired.save()
    site.look()
    operation = site.until(actions.request_restore(actor=SYSTEM, quarantine=kept), "done")
    assert operation.sentence == f"Restored: {MANY} messages to {QUEUE}."
    assert sorted(site.holds(QUEUE)) == list(range(MANY))
    assert not site.memory.has_queue(kept.name)
    kept.refresh_from_db()
    assert kept.outcome == "restored"


def test_it_goes_to_another_subscriptions_queue(
    site: Site, retired: Subscription, make_subscription: Callable[..., Subscription]
) -> None:
    kept = quarantined(site)
    other = make_subscription("exportRequested", "other")
    site.look()
    operation = actions.request_restore(actor=SYSTEM, quarantine=kept, to=other.queue_name)
    site.reach(operation, "bring_back")
    site.process()
    site.until(operation, "done")
    assert sorted(site.holds(other.queue_name)) == list(range(MANY))


def test_a_stopped_one_keeps_the_rest(
    site: Site, retired: Subscription, make_subscription: Callable[..., Subscription]
) -> None:
    kept = quarantined(site)
    other = make_subscription("exportRequested", "other")
    site.look()
    operation = actions.request_restore(actor=SYSTEM, quarantine=kept, to=other.queue_name)
    site.reach(operation, "bring_back")
    actions.cancel_operation(actor=SYSTEM, operation=operation)
    site.until(operation, "rolled_back")
    kept.refresh_from_db()
    assert kept.outcome == "kept"
    held = [*site.holds(kept.name), *site.holds(other.queue_name)]
    assert sorted(held) == list(range(MANY))


def test_dead_letters_keep_what_the_broker_noted(
    site: Site, subscription: Subscription, make_service: Callable[..., Service]
) -> None:
    make_service("gone")
    site.look()
    dead = dead_letters("gone")
    note = {"x-death": [{"queue": "consumer__a__gone", "reason": "delivery_limit"}]}
    site.memory.publish("", dead, Message(body=b"1", headers=note))
    Service.objects.filter(name="gone").delete()
    site.look()
    site.until(removal(name=dead, messages="quarantine", typed=dead), "done")
    (entry,) = site.memory.peek(Quarantine.objects.get().name)
    assert entry.message.headers == note


def test_it_is_discarded_by_typing_where_it_came_from(site: Site, retired: Subscription) -> None:
    kept = quarantined(site)
    with pytest.raises(ActionError, match="Type its name"):
        actions.discard_quarantine(actor=SYSTEM, quarantine=kept)
    operation = actions.discard_quarantine(actor=SYSTEM, quarantine=kept, typed=QUEUE)
    assert site.until(operation, "done").sentence == f"Removed, and {MANY} messages with it."
    kept.refresh_from_db()
    assert kept.outcome == "discarded"
    assert not site.memory.has_queue(kept.name)
    with pytest.raises(ActionError, match="is over"):
        actions.request_restore(actor=SYSTEM, quarantine=kept)


def test_it_expires(site: Site, retired: Subscription) -> None:
    kept = quarantined(site)
    kept.until = timezone.now() - timedelta(seconds=1)
    kept.save()
    site.process()
    site.operator.turn()
    site.until(Operation.objects.get(name=kept.name), "done")
    kept.refresh_from_db()
    assert kept.outcome == "expired"
    assert not site.memory.has_queue(kept.name)
