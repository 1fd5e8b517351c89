"""A world of one of everything, tokens, and programs that use them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from bus_core.connecting import open_link
from bus_core.memory import MemoryBroker, shared_broker
from bus_core.topology import (
    QueueKind,
    event_type_topology,
    service_topology,
    subscription_topology,
)
from eventbus_admin.accounts.models import ApiToken, TokenScope, User
from eventbus_admin.accounts.tokens import issue
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
from eventbus_admin.registry.models import Credential, EventType, Publication, Service, Subscription
from tests.harness.dead_letters import write_dead_letters

API = "/api/v1"
RUN = UUID(int=1)
EVENT = "exportRequested_1"
REQUEST = 900_007
INVITATION = 900_003
STRANGER_USER = "bus__meca-exporter__a"
OPERATION, PAUSED = RUN, UUID(int=2)
KEPT = REQUEST
TARGET = "consumer__exportSuccessful__export-manager"
QUEUE = "consumer__exportRequested__export-manager"


class Program:
    """Somebody who calls the API, with a token or without."""

    def __init__(self, text: str = "") -> None:
        self._client = Client()
        self._headers = {"Authorization": f"Token {text}"} if text else {}

    def call(self, method: str, path: str, data: Any = None, **headers: str) -> HttpResponse:
        """Send a request; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"content_type": "application/json"} if data is not None else {}
        return self._client.generic(  # type: ignore[return-value]
            method,
            path if path.startswith("/") else f"{API}/{path}",
            data=b"" if data is None else self._client._encode_json(data, "application/json"),
            headers={**self._headers, **named},
            **sent,
        )

    def get(self, path: str, **headers: str) -> HttpResponse:
        """Read."""
        return self.call("GET", path, **headers)

    def post(self, path: str, data: Any = None, **headers: str) -> HttpResponse:
        """Create or do."""
        return self.call("POST", path, data, **headers)

    def patch(self, path: str, data: Any = None, **headers: str) -> HttpResponse:
        """Change."""
        return self.call("PATCH", path, data, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        """End."""
        return self.call("DELETE", path, **headers)


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def make_token(db: None) -> Callable[..., tuple[ApiToken, str]]:
    """Make a token, past all actions; with every scope unless told otherwise."""

    def make(
        user: User | None = None, scopes: tuple[TokenScope, ...] = tuple(TokenScope), **fields: Any
    ) -> tuple[ApiToken, str]:
        return issue(name="a program", scopes=scopes, user=user, **fields)

    return make


@pytest.fixture
def program(make_token: Callable[..., tuple[ApiToken, str]]) -> Callable[..., Program]:
    """Return a program of this person, or of `service=`, with a token of its own."""
    return lambda user=None, **fields: Program(make_token(user, **fields)[1])


@pytest.fixture
def world(make_subscription: Callable[..., Subscription]) -> Subscription:
    """One of everything; the subscription exportRequested → export-manager."""
    now = timezone.now()
    subscription = make_subscription("exportRequested", "export-manager")
    Publication.objects.create(service=subscription.service, event_type=subscription.event_type)
    Credential.objects.create(service=subscription.service, slot="a", password_hash="x", issued=now)
    AccessRequest.objects.create(
        pk=REQUEST,
        service=subscription.service,
        event_type=subscription.event_type,
        kind=AccessRequest.Kind.SUBSCRIPTION,
        reason="To export.",
    )
    Invitation.objects.create(
        pk=INVITATION, code_hash="x", note="Crossref", expires=now + timedelta(days=14)
    )
    SubscriptionStatus.objects.create(
        subscription=subscription,
        sync=Sync.IN_SYNC,
        health=Health.NO_CONSUMERS,
        message="export-manager has no worker; 3 events wait.",
        messages_ready=3,
        messages_unacked=1,
        changed_at=now,
    )
    ReconcileState.objects.create(
        observed_at=now, reachable=True, broker_name="rabbit@bus-1", broker_version="4.1.4"
    )
    BrokerObject.objects.create(
        kind="queue",
        name=QUEUE,
        service_name="export-manager",
        event_type_name="exportRequested",
        sync=Sync.MISSING,
        message="export-manager gets no exportRequested until its queue is made.",
        should={"type": "quorum"},
        since=now,
    )
    BrokerObject.objects.create(
        kind="user",
        name=STRANGER_USER,
        service_name="meca-exporter",
        sync=Sync.UNMANAGED,
        message="The registry never issued these credentials of meca-exporter.",
        found={"password": "fingerprint 0123456789ab", "tags": []},
        since=now,
    )
    WorkerPresence.objects.create(
        worker="export-manager@exports-1:4711",
        service="export-manager",
        host="exports-1",
        pid=4711,
        version="0.1.0",
        subscriptions=["exportRequested"],
        last_seen=now,
    )
    JournalEntry.objects.create(
        event_id=EVENT,
        type="exportRequested",
        source="submission",
        correlation_id="story-1",
        created=now,
        seen=now,
        payload={"journal": "elife"},
        headers={"ce-specversion": "1.0"},
    )
    Outcome.objects.create(
        event_id=EVENT,
        event_type="exportRequested",
        service="export-manager",
        outcome="dead",
        attempts=10,
        error="HTTPError: 503",
        at=now - timedelta(seconds=1),
    )
    BrokerObject.objects.create(kind="queue", name=TARGET, sync=Sync.IN_SYNC, since=now)
    for pk, state in ((OPERATION, "running"), (PAUSED, "paused")):
        Operation.objects.create(
            id=pk,
            kind=Operation.Kind.REMOVAL,
            object_kind="queue",
            name=f"consumer__{state}__stranger",
            state=state,
            phase="empty",
            requester="otto",
        )
    Quarantine.objects.create(
        id=KEPT,
        name="quarantine__1__consumer__old__stranger",
        source="consumer__old__stranger",
        messages=3,
        until=now + timedelta(days=14),
    )
    write_dead_letters(subscription.service, "exportRequested", pk=REQUEST)
    step = {"kind": "create", "object": "queue", "name": QUEUE, "reason": "", "error": ""}
    Run.objects.create(
        id=RUN,
        reason="Asked for by otto",
        state=Run.State.RUNNING,
        steps=[{**step, "result": "pending"}],
    )
    return subscription


@pytest.fixture
def broker(world: Subscription, settings: Any) -> Iterator[MemoryBroker]:
    """An embedded broker of this test's own, on which the world's subscription stands."""
    name = f"api-{uuid4().hex}"
    settings.EVENTBUS_BUS_URL = f"memory://{name}"
    link = open_link(settings.EVENTBUS_BUS_URL, client_name="test")
    link.declare(event_type_topology("exportRequested"))
    link.declare(service_topology("export-manager", (1000,)))
    link.declare(subscription_topology("exportRequested", "export-manager", QueueKind.QUORUM))
    yield shared_broker(name)
    link.close()


@pytest.fixture
def event_type(world: Subscription) -> EventType:
    """`exportRequested`."""
    return world.event_type


@pytest.fixture
def service(world: Subscription) -> Service:
    """`export-manager`."""
    return world.service
