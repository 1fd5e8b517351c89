"""A page asks the database as often for many rows as for few."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.journal.models import JournalEntry, Outcome, WorkerPresence
from eventbus_admin.reconcile.models import BrokerObject, Health, Run, SubscriptionStatus, Sync
from eventbus_admin.registry.models import Publication, Service, Subscription
from tests.harness.dead_letters import write_dead_letters

PATHS = (
    "/",
    "/event-types/",
    "/event-types/many/",
    "/services/",
    "/services/busy/",
    "/subscriptions/",
    "/subscriptions/many/busy/",
    "/new/subscription/?service=busy&event_type=many",
    "/dead-letters/",
    "/dead-letters/causes/1/",
    "/drift/",
    "/integrators/",
    "/audit/",
    "/feed/",
    "/feed/events/many_0/",
)


@pytest.fixture
def grow(
    make_subscription: Callable[..., Subscription], see_event: Callable[..., JournalEntry]
) -> Callable[[int, int], None]:
    """Add rows of everything, numbered from one number up to another."""

    def add(subscription: Subscription) -> None:
        SubscriptionStatus.objects.create(
            subscription=subscription, health=Health.NO_CONSUMERS, sync=Sync.IN_SYNC
        )
        Publication.objects.create(service=subscription.service, event_type=subscription.event_type)

    def grow_by(first: int, last: int) -> None:
        now = timezone.now()
        busy = Service.objects.get(name="busy")
        for number in range(first, last):
            add(make_subscription("many", f"service-{number}"))
            add(make_subscription(f"type-{number}", "busy"))
            see_event(f"many_{number}", "many")
            Outcome.objects.create(
                event_id=f"many_{number}",
                event_type="many",
                service="busy",
                outcome="handled",
                at=now,
            )
            WorkerPresence.objects.create(
                worker=f"busy-{number}",
                service="busy",
                host="h",
                pid=1,
                version="1",
                subscriptions=["many"],
                last_seen=now,
            )
            BrokerObject.objects.create(
                kind="queue", name=f"queue-{number}", sync=Sync.MISSING, since=now
            )
            Run.objects.create(state=Run.State.DONE)
            write_dead_letters(busy, "many", number=2)
            write_dead_letters(busy, "many", error=f"Error{chr(97 + number)}")
            AuditEntry.objects.create(
                actor_name="mia",
                verb="created",
                object_kind="subscription",
                object_name=f"many/service-{number}",
            )

    return grow_by


@pytest.mark.parametrize("path", PATHS)
def test_many_rows_cost_what_few_cost(
    path: str,
    grow: Callable[[int, int], None],
    make_subscription: Callable[..., Subscription],
    operator: User,
    signed_in: Callable[[User], Client],
) -> None:
    client = signed_in(operator)
    make_subscription("many", "busy")
    grow(0, 8)

    few = queries(client, path)
    grow(8, 25)
    many = queries(client, path)

    assert many == few
    assert few < 25


def queries(client: Client, path: str) -> int:
    """Return how many queries the page takes."""
    cache.clear()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    return len(captured)
