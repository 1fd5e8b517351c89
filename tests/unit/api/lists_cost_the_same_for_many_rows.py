"""A list asks the database as often for 500 rows as for 20."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eventbus_admin.accounts.models import ApiToken, Team, User
from eventbus_admin.deadletters.models import RetryRun
from eventbus_admin.journal.models import JournalEntry, Outcome
from eventbus_admin.reconcile.models import BrokerObject, Run, SubscriptionStatus, Sync
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription
from tests.harness.dead_letters import write_dead_letters
from tests.unit.api.conftest import Program

PATHS = (
    "event-types/",
    "services/",
    "publications/",
    "subscriptions/",
    "events/",
    "plan/",
    "runs/",
    "dead-letters/",
    "dead-letters/runs/",
    "teams/",
    "tokens/",
)


def grow(first: int, last: int, owner: User) -> None:
    """Add rows of everything, numbered from one number up to another."""
    now, numbers = timezone.now(), range(first, last)
    teams = Team.objects.bulk_create(Team(name=f"Team {number}") for number in numbers)
    for team in teams:
        team.members.add(owner)
    pairs = list(zip(numbers, teams, strict=True))
    types = EventType.objects.bulk_create(
        EventType(name=f"type{number}", owner=team) for number, team in pairs
    )
    services = Service.objects.bulk_create(
        Service(name=f"service{number}", owner=team) for number, team in pairs
    )
    both = list(zip(types, services, strict=True))
    Publication.objects.bulk_create(Publication(event_type=t, service=s) for t, s in both)
    subscriptions = Subscription.objects.bulk_create(
        Subscription(event_type=t, service=s) for t, s in both
    )
    SubscriptionStatus.objects.bulk_create(
        SubscriptionStatus(subscription=one, changed_at=now) for one in subscriptions
    )
    _grow_what_happened(numbers, owner, now)


def _grow_what_happened(numbers: range, owner: User, now: datetime) -> None:
    JournalEntry.objects.bulk_create(
        JournalEntry(event_id=f"e{number}", type="type0", correlation_id="c", created=now, seen=now)
        for number in numbers
    )
    Outcome.objects.bulk_create(
        Outcome(event_id=f"e{number}", event_type="t", service="s", outcome="handled", at=now)
        for number in numbers
    )
    BrokerObject.objects.bulk_create(
        BrokerObject(kind="queue", name=f"queue{number}", sync=Sync.MISSING, since=now)
        for number in numbers
    )
    write_dead_letters(Service.objects.get(name=f"service{numbers[0]}"), "t", number=len(numbers))
    RetryRun.objects.bulk_create(RetryRun(requested_by_name="o") for _ in numbers)
    Run.objects.bulk_create(Run(requested_by=owner) for _ in numbers)
    ApiToken.objects.bulk_create(
        ApiToken(prefix=f"t{number}", digest="x", name="t", user=owner) for number in numbers
    )


@pytest.mark.parametrize("path", PATHS)
def test_many_rows_cost_what_few_cost(
    path: str, operator: User, program: Callable[..., Program]
) -> None:
    bus = program(operator)
    bus.get(path)
    grow(0, 20, operator)
    few = queries(bus, path, at_least=20)
    grow(20, 500, operator)
    many = queries(bus, path, at_least=500)

    print(f"{path}: {few} queries")
    assert many == few
    assert few <= 6


def queries(bus: Program, path: str, at_least: int) -> int:
    """Return how many queries a page of 500 takes, authentication included."""
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        found = bus.get(f"{path}?page_size=500")
    assert len(found.json()["results"]) >= at_least
    return len(captured)
