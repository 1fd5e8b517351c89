"""The map is read as one may see it, in as many queries for many rows as for few."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from eventbus_admin.accounts.actor import ServiceAccount
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import User
from eventbus_admin.feed.test_events import SENDER
from eventbus_admin.journal.models import JournalEntry, WorkerPresence
from eventbus_admin.map.building import build
from eventbus_admin.map.reading import read_facts
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, SubscriptionStatus
from eventbus_admin.registry.models import Publication, Service, Subscription
from tests.harness.dead_letters import write_dead_letters
from tests.unit.growth.measuring import queries

Make = Callable[..., Subscription]


@pytest.fixture
def scene(make_subscription: Make, make_service: Callable[..., Service]) -> Subscription:
    """`submission` publishes exportRequested to export-manager, and other things go on."""
    cache.clear()
    now = timezone.now()
    ReconcileState.objects.create(reachable=True, observed_at=now)
    subscription = make_subscription("exportRequested", "export-manager")
    SubscriptionStatus.objects.create(
        subscription=subscription, health="healthy", sync="in_sync", messages_ready=7, consumers=1
    )
    make_subscription("other", "somebody-else")
    Publication.objects.create(
        service=make_service("submission"), event_type=subscription.event_type
    )
    write_dead_letters(subscription.service, "exportRequested", number=2)
    sent = [("exportRequested", "submission")] * 3 + [
        ("exportRequested", "cron"),
        ("exportRequested", SENDER),
        ("other", "export-manager"),
        ("other", "cron"),
    ]
    for number, (event_type, source) in enumerate(sent):
        JournalEntry.objects.create(
            event_id=f"event{number}",
            type=event_type,
            source=source,
            correlation_id="story",
            created=now,
            seen=now - timedelta(minutes=1),
        )
    WorkerPresence.objects.create(
        worker="w1",
        service="export-manager",
        host="h",
        pid=1,
        version="1",
        subscriptions=["exportRequested"],
        paused=["other"],
        last_seen=now,
    )
    binding = {
        "source": "event__other",
        "destination": "debug",
        "destination_kind": "queue",
        "routing_key": "",
    }
    BrokerObject.objects.create(
        kind="binding", name="b", sync="unmanaged", found=binding, message="Debugged.", since=now
    )
    return subscription


def test_a_person_sees_all_of_it(scene: Subscription, viewer: User) -> None:
    graph = build(read_facts(viewer))
    found = {(edge.source, edge.target): edge for edge in graph.edges}
    assert set(found) == {
        ("service:submission", "type:exportRequested"),
        ("service:cron", "type:exportRequested"),
        ("service:cron", "type:other"),
        ("service:export-manager", "type:other"),
        ("type:exportRequested", "service:export-manager"),
        ("type:other", "service:export-manager"),
        ("type:other", "service:somebody-else"),
        ("type:other", "outside:debug"),
    }
    listens = found["type:exportRequested", "service:export-manager"]
    assert (listens.waiting, listens.dead, listens.consumers, listens.rate) == (7, 2, 1, 1.0)
    assert found["service:submission", "type:exportRequested"].rate == pytest.approx(0.6)
    assert graph.journal_since is not None


def test_a_service_sees_its_own(scene: Subscription) -> None:
    graph = build(read_facts(ServiceAccount("export-manager")))
    assert set(graph.by_id) == {"type:exportRequested", "service:export-manager", "type:other"}
    assert {(edge.source, edge.target) for edge in graph.edges} == {
        ("type:exportRequested", "service:export-manager"),
        ("type:other", "service:export-manager"),
        ("service:export-manager", "type:other"),
    }
    # Of a type that it has no subscription to, no more than its own part: 1 of 2 in 5 minutes.
    assert graph.by_id["type:other"].rate == pytest.approx(0.2)


def test_who_is_switched_off_sees_nothing(make_user: Callable[..., User]) -> None:
    with pytest.raises(NotAllowed):
        read_facts(make_user("olga", is_active=False))


def test_it_takes_as_many_queries_for_many_rows(
    scene: Subscription, make_subscription: Make, viewer: User
) -> None:
    cache.clear()
    few = queries(lambda: read_facts(viewer))
    for number in range(30):
        make_subscription(f"type{number}", f"service{number}")
    cache.clear()
    assert queries(lambda: read_facts(viewer)) == few <= 12


def test_who_published_what_is_asked_once_in_a_while(scene: Subscription, viewer: User) -> None:
    first = queries(lambda: read_facts(viewer))
    assert queries(lambda: read_facts(viewer)) == first - 1
