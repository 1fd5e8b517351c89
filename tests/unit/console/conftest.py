"""A small world to look at, and people who are signed in."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.integrators.models import AccessRequest
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
from eventbus_admin.registry.models import Publication, Subscription
from tests.harness.dead_letters import write_dead_letters

RUN = UUID(int=1)
UNMANAGED, BLOCKED = 900_901, 900_902
ENTRY = 900_903
EVENT = "exportRequested_1"


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """Return a browser in which this person is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def answering_broker(db: None) -> ReconcileState:
    """A broker that was read just now and has whatever the registry says."""
    return ReconcileState.objects.create(
        applied_revision=10**9,
        observed_at=timezone.now(),
        reachable=True,
        broker_name="rabbit@bus-1",
        broker_version="4.1.4",
        counts={"in_sync": 4, "missing": 1},
    )


@pytest.fixture
def silent_broker(db: None) -> ReconcileState:
    """A broker that does not answer."""
    return ReconcileState.objects.create(
        observed_at=timezone.now() - timedelta(minutes=5),
        reachable=False,
        error="The management interface refuses the connection.",
    )


@pytest.fixture
def see_event(db: None) -> Callable[..., JournalEntry]:
    """Put an event into the journal."""

    def see(event_id: str, event_type: str = "exportRequested", **fields: object) -> JournalEntry:
        values = {
            "source": "submission",
            "correlation_id": "story-1",
            "created": timezone.now(),
            "seen": timezone.now(),
            "payload": {"journal": "elife"},
            "headers": {"ce-specversion": "1.0"},
            **fields,
        }
        return JournalEntry.objects.create(event_id=event_id, type=event_type, **values)

    return see


@pytest.fixture
def world(
    make_subscription: Callable[..., Subscription],
    see_event: Callable[..., JournalEntry],
    answering_broker: ReconcileState,
) -> Subscription:
    """One of everything; the subscription exportRequested → export-manager."""
    now = timezone.now()
    subscription = make_subscription("exportRequested", "export-manager")
    SubscriptionStatus.objects.create(
        subscription=subscription,
        sync=Sync.IN_SYNC,
        health=Health.NO_CONSUMERS,
        message="No worker is running. 3 events wait.",
        messages_ready=3,
        changed_at=now,
    )
    Publication.objects.create(service=subscription.service, event_type=subscription.event_type)
    see_event(EVENT)
    Outcome.objects.create(
        event_id=EVENT,
        event_type="exportRequested",
        service="export-manager",
        outcome="dead",
        attempts=10,
        error="HTTPError: 503",
        at=now,
    )
    WorkerPresence.objects.create(
        worker="export-manager-1",
        service="export-manager",
        host="host-1",
        pid=7,
        version="1.0",
        subscriptions=["exportRequested"],
        last_seen=now,
    )
    BrokerObject.objects.create(
        kind="queue",
        name="consumer__exportRequested__export-manager",
        sync=Sync.MISSING,
        message="It is created when the plan is applied.",
        should={"durable": True, "arguments": {"x-queue-type": "quorum"}},
        found=None,
        since=now,
    )
    AccessRequest.objects.create(
        id=1,
        service=subscription.service,
        event_type=subscription.event_type,
        kind="publication",
        reason="It counts them.",
    )
    Run.objects.create(
        id=RUN,
        reason="Asked for by mia",
        state=Run.State.RUNNING,
        steps=[
            {
                "kind": "create",
                "object": "queue",
                "name": "consumer__exportRequested__export-manager",
                "reason": "",
                "result": "pending",
                "error": "",
            }
        ],
    )
    for pk, sync, name in (
        (UNMANAGED, Sync.UNMANAGED, "consumer__exportRequested__gone"),
        (BLOCKED, Sync.BLOCKED, "consumer__exportRequested__other"),
    ):
        BrokerObject.objects.create(
            pk=pk,
            kind="queue",
            name=name,
            sync=sync,
            found={"messages": 3, "consumers": 0},
            since=now,
        )
    operation = Operation.objects.create(
        id=RUN,
        kind=Operation.Kind.REMOVAL,
        object_kind="queue",
        name="consumer__a__removed",
        state=Operation.State.RUNNING,
        phase="empty",
        sentence="3 messages wait to be moved to quarantine.",
        requester="otto",
    )
    Quarantine.objects.create(
        pk=900_904,
        name="quarantine__1__consumer__a__old",
        source="consumer__a__old",
        messages=3,
        removal=operation,
        until=now + timedelta(days=14),
    )
    write_dead_letters(subscription.service, "exportRequested")
    AuditEntry.objects.create(
        id=ENTRY,
        actor_name="mia",
        verb="paused",
        object_kind="subscription",
        object_name="exportRequested/export-manager",
        before={"state": "active"},
        after={"state": "paused"},
    )
    return subscription


PAGES = (
    "/",
    "/overview/live/",
    "/pulse/",
    "/map/",
    "/map/?focus=type:exportRequested&problems=1",
    "/map/live/",
    "/feed/",
    f"/feed/events/{EVENT}/",
    "/event-types/",
    "/event-types/exportRequested/",
    "/new/event-type/",
    "/edit/event-type/exportRequested/",
    "/services/",
    "/services/export-manager/",
    "/new/service/",
    "/edit/service/export-manager/",
    "/subscriptions/",
    "/subscriptions/exportRequested/export-manager/",
    "/subscriptions/exportRequested/export-manager/live/",
    "/new/subscription/",
    "/new/subscription/preview/?service=export-manager&event_type=exportRequested",
    "/edit/subscription/exportRequested/export-manager/",
    "/dead-letters/",
    "/dead-letters/causes/1/",
    "/dead-letters/1/",
    "/dead-letters/1/edit/",
    f"/dead-letters/runs/{RUN}/",
    f"/dead-letters/runs/{RUN}/progress/",
    "/drift/",
    "/drift/?service=export-manager&kind=queue",
    "/runs/",
    f"/runs/{RUN}/",
    f"/runs/{RUN}/progress/",
    f"/drift/objects/{UNMANAGED}/",
    f"/drift/objects/{UNMANAGED}/remove/",
    f"/drift/objects/{BLOCKED}/replace/",
    "/operations/",
    f"/operations/{RUN}/",
    f"/operations/{RUN}/progress/",
    "/quarantines/900904/",
    "/integrators/",
    "/requests/1/",
    "/registry/",
    "/search/",
    "/search/?q=export",
    "/why/",
    f"/why/?event={EVENT}&service=export-manager",
    "/why/?type=exportRequested",
    "/audit/",
    f"/audit/{ENTRY}/",
    "/tokens/",
    "/new/token/",
)


@pytest.fixture(params=PAGES)
def console_page(request: pytest.FixtureRequest) -> str:
    """Each page in turn that shows something of `world`."""
    return str(request.param)
