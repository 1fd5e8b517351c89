"""A subscription is answered with what the registry says and what was observed of it."""

from collections.abc import Callable

import pytest

from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.reconcile.models import ReconcileState, SubscriptionStatus
from eventbus_admin.registry.models import EventType, Subscription
from tests.unit.api.conftest import QUEUE, Program

PATH = "subscriptions/exportRequested/export-manager/"


@pytest.fixture
def bus(world: Subscription, operator: User, program: Callable[..., Program]) -> Program:
    """An operator's program."""
    return program(operator)


def test_everything_is_there(bus: Program) -> None:
    body = bus.get(PATH).json()
    times = [body.pop(name) for name in ("observed_at", "created", "changed")]
    assert all(time.endswith("Z") and len(time) == 24 for time in times)
    assert body == {
        "event_type": "exportRequested",
        "service": "export-manager",
        "owner": "Journals",
        "state": "active",
        "kind": "quorum",
        "retry": {"attempts": 10, "delays_ms": [1000, 60000, 600000]},
        "prefetch": None,
        "concurrency": None,
        "queue": QUEUE,
        "sync": "in_sync",
        "health": "no_consumers",
        "message": "export-manager has no worker; 3 events wait.",
        "messages_ready": 3,
        "messages_unacked": 1,
        "consumers": 0,
    }


@pytest.mark.parametrize(
    ("reachable", "message"),
    [
        (True, "Pending: being applied"),
        (False, "Pending: will be applied as soon as the broker answers"),
    ],
)
def test_a_new_one_says_when_it_will_be_applied(
    reachable: bool, message: str, bus: Program, make_event_type: Callable[..., EventType]
) -> None:
    make_event_type("new")
    ReconcileState.objects.update(reachable=reachable)
    body = bus.post("subscriptions/", {"event_type": "new", "service": "export-manager"}).json()
    assert (body["sync"], body["message"], body["observed_at"]) == ("unknown", message, None)


def test_one_that_ended_says_so(bus: Program) -> None:
    SubscriptionStatus.objects.all().delete()
    assert bus.delete(PATH).status_code == 204
    body = bus.get(PATH).json()
    assert body["state"] == "retired"
    assert body["message"].startswith("Retired: ")
    assert bus.delete(PATH).json()["code"] == "already_retired"


def test_what_is_not_sent_stays(bus: Program) -> None:
    bus.patch(PATH, {"retry": {"attempts": 3}, "prefetch": 20})
    bus.patch(PATH, {"retry": {"delays_ms": [1000]}})
    body = bus.patch(PATH, {"concurrency": 2}).json()
    assert body["retry"] == {"attempts": 3, "delays_ms": [1000]}
    assert (body["prefetch"], body["concurrency"]) == (20, 2)
    assert bus.patch(PATH, {"prefetch": None}).json()["prefetch"] is None


def test_what_one_request_does_is_found_by_its_id(bus: Program) -> None:
    answer = bus.post(f"{PATH}pause/")
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.verb) == ("otto", "paused")
    assert str(entry.group) == answer["X-Request-Id"]
