"""Rows as an installation of some size has them, made at once; and somebody who reads them."""

from collections.abc import Callable
from datetime import timedelta
from itertools import cycle
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.models import Role, Team, User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.journal.models import JournalEntry, Outcome, WorkerPresence
from eventbus_admin.reconcile.models import (
    BrokerObject,
    Health,
    ReconcileState,
    Run,
    SubscriptionStatus,
    Sync,
)
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription
from tests.harness.dead_letters import write_dead_letters

TEAMS = 10
# So much is unwell and differs that a page is full of it with few subscriptions too: the same rows
# are drawn, and what takes longer is the finding.
_HEALTHS = (Health.HEALTHY, Health.NO_CONSUMERS, Health.BACKLOG, Health.DEAD_LETTERS)
_SYNCS = (Sync.IN_SYNC, Sync.MISSING, Sync.DIFFERS, Sync.UNMANAGED)


def reader() -> Callable[[str], Any]:
    """Return what asks for a page as an operator who is signed in."""
    user = User.objects.create_user("otto", password="x", role=Role.OPERATOR)
    client = Client()
    client.force_login(user)
    return client.get


def fill(first: int, last: int) -> None:
    """Add subscriptions numbered from one number up to another, and all that comes with them."""
    teams = [Team.objects.get_or_create(name=f"Team {one}")[0] for one in range(TEAMS)]
    pairs = list(zip(range(first, last), cycle(teams), strict=False))
    types = EventType.objects.bulk_create(
        EventType(name=f"type{one}", owner=team) for one, team in pairs
    )
    services = Service.objects.bulk_create(
        Service(name=f"service{one}", owner=team) for one, team in pairs
    )
    joined = list(zip(types, services, strict=True))
    Publication.objects.bulk_create(
        Publication(event_type=one, service=other) for one, other in joined
    )
    _fill_the_broker(
        Subscription.objects.bulk_create(
            Subscription(event_type=one, service=other) for one, other in joined
        )
    )
    _fill_what_happened(first, joined)
    _fill_what_needs_people(services, types)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # which both databases do by themselves, sooner or later


def _fill_the_broker(subscriptions: list[Subscription]) -> None:
    now = timezone.now()
    SubscriptionStatus.objects.bulk_create(
        SubscriptionStatus(subscription=one, sync=sync, health=health, changed_at=now)
        for one, sync, health in zip(subscriptions, cycle(_SYNCS), cycle(_HEALTHS), strict=False)
    )
    BrokerObject.objects.bulk_create(
        BrokerObject(
            kind=kind,
            name=f"{kind}__{one.event_type.name}__{one.service.name}",
            service_name=one.service.name,
            sync=sync,
            found={"messages": 3},
            since=now,
        )
        for one, sync in zip(subscriptions, cycle(_SYNCS), strict=False)
        for kind in ("queue", "binding")
    )
    counts = {sync.value: BrokerObject.objects.filter(sync=sync).count() for sync in Sync}
    state = ReconcileState.objects.first() or ReconcileState()
    state.observed_at, state.reachable, state.counts = now, True, counts
    state.save()


def _fill_what_happened(first: int, joined: list[tuple[EventType, Service]]) -> None:
    now = timezone.now()
    JournalEntry.objects.bulk_create(
        JournalEntry(
            event_id=f"event{first + number}",
            type=event_type.name,
            source=service.name,
            created=now - timedelta(seconds=number),
            seen=now - timedelta(seconds=number),
            payload={"number": number},
        )
        for number, (event_type, service) in enumerate(joined)
    )
    Outcome.objects.bulk_create(
        Outcome(
            event_id=f"event{first + number}",
            event_type=event_type.name,
            service=service.name,
            outcome="handled" if number % 10 else "dead",
            at=now,
        )
        for number, (event_type, service) in enumerate(joined)
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(
            actor_name="mia",
            verb="created",
            object_kind="subscription",
            object_name=f"{event_type.name}/{service.name}",
        )
        for event_type, service in joined
    )
    Run.objects.bulk_create(Run(state=Run.State.DONE) for _ in joined)


def _fill_what_needs_people(services: list[Service], types: list[EventType]) -> None:
    now = timezone.now()
    for service, event_type in zip(services, types, strict=True):
        write_dead_letters(service, event_type.name)
    WorkerPresence.objects.bulk_create(
        WorkerPresence(worker=one.name, service=one.name, host="host", pid=7, last_seen=now)
        for one in services
    )
    AccessRequest.objects.bulk_create(
        AccessRequest(service=service, event_type=event_type, kind="publication")
        for service, event_type in zip(services, types[1:], strict=False)
    )
