"""Rows of everything, as many as one asks for. No tests.

They lie around a hub: an event type and a service of one name, to which all the others belong.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import cycle
from uuid import UUID

from django.db import connection
from django.utils import timezone

from eventbus_admin.accounts.models import ApiToken, Team, User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.deadletters.models import RetryRun
from eventbus_admin.integrators.models import AccessRequest, Invitation
from eventbus_admin.journal.models import JournalEntry, Outcome, WorkerPresence
from eventbus_admin.reconcile.models import (
    BrokerObject,
    Health,
    Operation,
    Quarantine,
    ReconcileState,
    Run,
    SubscriptionStatus,
    Sync,
)
from eventbus_admin.registry.models import (
    Credential,
    EventType,
    Publication,
    Service,
    Subscription,
)
from tests.harness.dead_letters import write_dead_letters

HUB = "hub"
STORY = "story-1"
TOKEN = "hubtoken"
GROUP = UUID(int=5)
TEAM = "Journals"
REPLACED, REMOVED = f"consumer__{HUB}__{HUB}", f"consumer__gone__{HUB}"

_DRIFT = [sync for sync in Sync if sync not in {Sync.IN_SYNC, Sync.UNKNOWN}]


def begin() -> None:
    """Make the hub."""
    team, _ = Team.objects.get_or_create(name=TEAM)
    now = timezone.now()
    event_type = EventType.objects.create(name=HUB, owner=team)
    service = Service.objects.create(name=HUB, owner=team)
    subscription = Subscription.objects.create(event_type=event_type, service=service)
    SubscriptionStatus.objects.create(subscription=subscription, changed_at=now)
    Publication.objects.create(event_type=event_type, service=service)
    Credential.objects.create(service=service, slot="a", password_hash="x", issued=now)
    ReconcileState.objects.create(observed_at=now, reachable=True, counts={"missing": 1})
    Run.objects.create()
    for name, sync in ((REPLACED, Sync.BLOCKED), (REMOVED, Sync.UNMANAGED)):
        BrokerObject.objects.create(kind="queue", name=name, sync=sync, found={}, since=now)
    ApiToken.objects.create(prefix=TOKEN, digest="x", name="of the hub", service=HUB)
    write_dead_letters(service, HUB)


def grow(first: int, last: int, user: User) -> None:
    """Add rows of everything, numbered from one number up to another.

    To each number belong three subscriptions: of its service to the hub, of the hub to its type,
    and of its service to its type. Tokens and runs are this user's.
    """
    numbers, now = range(first, last), timezone.now()
    teams = Team.objects.bulk_create(Team(name=f"Team {number}") for number in numbers)
    _grow_registry(numbers, teams, now)
    _grow_what_is_asked(numbers, user, now)
    _grow_what_happened(numbers, now)
    _grow_the_broker(numbers, user, now)
    _grow_what_gave_up(numbers)
    if connection.vendor == "postgresql":
        # In a test's transaction nobody else does this for it, and it plans as for empty tables.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _grow_what_gave_up(numbers: range) -> None:
    hub = Service.objects.get(name=HUB)
    write_dead_letters(hub, HUB, number=len(numbers))
    for number in numbers:
        write_dead_letters(hub, f"type{number}")
    RetryRun.objects.bulk_create(
        RetryRun(requested_by_name="mia", what="one of them", total=1) for _ in numbers
    )


def _grow_registry(numbers: range, teams: list[Team], now: datetime) -> None:
    hub_type, hub = EventType.objects.get(name=HUB), Service.objects.get(name=HUB)
    pairs = list(zip(numbers, teams, strict=True))
    types = EventType.objects.bulk_create(
        EventType(name=f"type{number}", owner=team, example={"number": number})
        for number, team in pairs
    )
    services = Service.objects.bulk_create(
        Service(name=f"service{number}", owner=team, kind=kind)
        for (number, team), kind in zip(pairs, cycle(("internal", "integrator")), strict=False)
    )
    joined = [
        *zip(types, services, strict=True),
        *((hub_type, service) for service in services),
        *((event_type, hub) for event_type in types),
    ]
    Publication.objects.bulk_create(Publication(event_type=t, service=s) for t, s in joined)
    subscriptions = Subscription.objects.bulk_create(
        Subscription(event_type=t, service=s) for t, s in joined
    )
    SubscriptionStatus.objects.bulk_create(
        SubscriptionStatus(
            subscription=one, health=health, sync=sync, messages_ready=1, changed_at=now
        )
        for one, health, sync in zip(subscriptions, cycle(Health), cycle(Sync), strict=False)
    )
    Credential.objects.bulk_create(
        Credential(service=service, slot="a", password_hash="x", issued=now) for service in services
    )
    AccessRequest.objects.bulk_create(
        AccessRequest(service=service, event_type=event_type, kind=kind, reason="To export.")
        for event_type, service, kind in (
            *((hub_type, service, AccessRequest.Kind.SUBSCRIPTION) for service in services),
            *((event_type, hub, AccessRequest.Kind.PUBLICATION) for event_type in types),
        )
    )


def _grow_what_is_asked(numbers: Iterable[int], user: User, now: datetime) -> None:
    later = now.replace(year=now.year + 1)
    Invitation.objects.bulk_create(
        Invitation(code_hash=f"hash{number}", created_by=user, expires=later) for number in numbers
    )
    ApiToken.objects.bulk_create(
        ApiToken(prefix=f"{owner}{number}", digest="x", name="a program", **fields)
        for owner, fields in (("u", {"user": user}), ("s", {"service": HUB}))
        for number in numbers
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(
            actor=user,
            actor_name=user.username,
            verb="changed",
            object_kind=kind,
            object_name=name,
            group=GROUP,
            before={"number": number},
            after={"number": number + 1},
        )
        for kind, name in (
            ("event_type", HUB),
            ("service", HUB),
            ("subscription", f"{HUB}/{HUB}"),
            ("token", TOKEN),
        )
        for number in numbers
    )


def _grow_what_happened(numbers: Iterable[int], now: datetime) -> None:
    JournalEntry.objects.bulk_create(
        JournalEntry(
            event_id=f"event{number}",
            type=HUB,
            source=HUB,
            correlation_id=STORY,
            created=now,
            seen=now,
            payload={"number": number},
        )
        for number in numbers
    )
    Outcome.objects.bulk_create(
        Outcome(event_id=event, event_type=HUB, service=service, outcome="dead", at=now)
        for number in numbers
        for event, service in ((f"event{number}", HUB), ("event0", f"service{number}"))
    )
    WorkerPresence.objects.bulk_create(
        WorkerPresence(
            worker=f"worker{number}",
            service=HUB,
            host="host-1",
            pid=number + 1,
            version="1",
            subscriptions=[HUB],
            last_seen=now,
        )
        for number in numbers
    )


def _grow_the_broker(numbers: range, user: User, now: datetime) -> None:
    BrokerObject.objects.bulk_create(
        BrokerObject(kind=kind, name=f"{kind}{number}", service_name=HUB, sync=sync, since=now)
        for kind in ("queue", "user")
        for number, sync in zip(numbers, cycle(_DRIFT), strict=False)
    )
    Run.objects.bulk_create(Run(requested_by=user, state=Run.State.DONE) for _ in numbers)
    Operation.objects.bulk_create(
        Operation(kind="removal", object_kind="queue", name=f"queue{number}") for number in numbers
    )
    Quarantine.objects.bulk_create(
        Quarantine(name=f"quarantine__{number}__queue", source="queue", event_type_name=HUB)
        for number in numbers
    )
    step = {"kind": "create", "object": "queue", "reason": "", "result": "done", "error": ""}
    steps = [{**step, "name": f"queue{number}"} for number in range(numbers.stop)]
    Run.objects.filter(requested_by=None).update(steps=steps)
