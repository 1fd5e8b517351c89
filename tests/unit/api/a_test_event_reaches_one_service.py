"""A test event goes into the queue of the one service that was named, or nowhere, and is marked."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core.connecting import open_link
from bus_core.envelope import decode
from bus_core.memory import MemoryBroker
from bus_core.topology import (
    QueueKind,
    dead_letters,
    service_topology,
    subscription_topology,
)
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.reconcile.models import ReconcileState, SubscriptionStatus
from eventbus_admin.registry.models import Subscription
from tests.unit.api.conftest import QUEUE, Program

PATH = "event-types/exportRequested/test-event/"
SENT = {"to": "export-manager", "payload": {"journal": "elife"}}


@pytest.fixture
def bus(broker: MemoryBroker, member: User, program: Callable[..., Program]) -> Program:
    """A program of the team that owns the service."""
    return program(member)


def test_it_arrives_there_only(
    bus: Program, broker: MemoryBroker, settings: Any, make_subscription: Callable[..., Any]
) -> None:
    # Given another subscriber
    make_subscription("exportRequested", "audit-log")
    link = open_link(settings.EVENTBUS_BUS_URL, client_name="test")
    link.declare(service_topology("audit-log"))
    link.declare(subscription_topology("exportRequested", "audit-log", QueueKind.QUORUM))
    link.close()

    # When
    answer = bus.post(PATH, SENT)

    # Then
    assert answer.status_code == 202
    (entry,) = broker.peek(QUEUE)
    event = decode(entry.message).event
    assert (event.type, event.payload) == ("exportRequested", {"journal": "elife"})
    assert entry.message.headers["ce-test"] == "true"
    assert answer.json() == {
        "id": event.id,
        "type": "exportRequested",
        "to": "export-manager",
        "queue": QUEUE,
    }
    assert broker.peek("consumer__exportRequested__audit-log") == []
    entry_of_trail = AuditEntry.objects.get()
    assert (entry_of_trail.verb, entry_of_trail.after) == ("tested", {"event": event.id})


def refused(bus: Program, broker: MemoryBroker, status: int, code: str, **sent: Any) -> None:
    answer = bus.post(PATH, {**SENT, **sent})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert broker.peek(QUEUE) == broker.peek(dead_letters("export-manager")) == []
    assert not AuditEntry.objects.exists()


def test_a_service_that_does_not_listen(bus: Program, broker: MemoryBroker) -> None:
    refused(bus, broker, 400, "unknown_subscription", to="submission")
    Subscription.objects.update(state="retired")
    refused(bus, broker, 400, "unknown_subscription")


def test_a_payload_that_is_no_object(bus: Program, broker: MemoryBroker) -> None:
    refused(bus, broker, 400, "invalid", payload=[1])


def test_a_queue_that_is_not_there_yet(bus: Program, broker: MemoryBroker) -> None:
    SubscriptionStatus.objects.all().delete()
    refused(bus, broker, 409, "not_on_broker")


def test_a_broker_that_is_away(bus: Program, broker: MemoryBroker) -> None:
    ReconcileState.objects.update(reachable=False)
    refused(bus, broker, 503, "broker_away")


def test_a_door_that_is_gone(bus: Program, broker: MemoryBroker) -> None:
    broker.delete_exchange("service__export-manager")
    refused(bus, broker, 503, "broker_away")
