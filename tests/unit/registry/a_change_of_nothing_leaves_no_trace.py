"""A change that changes nothing is no deed: no audit entry, no new revision."""

from collections.abc import Callable

import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.actions import (
    change_event_type,
    change_service,
    change_subscription,
)
from eventbus_admin.registry.models import EventType, Service, Subscription
from eventbus_admin.registry.revision import current_revision


def test_the_same_values_again(
    make_event_type: Callable[..., EventType],
    make_service: Callable[..., Service],
    make_subscription: Callable[..., Subscription],
) -> None:
    event_type = make_event_type("exportRequested", description="x", example={"a": 1, "b": 2})
    service = make_service("export-manager", contact="a@b.org")
    subscription = make_subscription("exportRequested", "export-manager", prefetch=7)

    change_event_type(
        actor=SYSTEM, event_type=event_type, description="x", example={"b": 2, "a": 1}
    )
    change_service(actor=SYSTEM, service=service, contact="a@b.org", owner="Journals")
    change_subscription(
        actor=SYSTEM,
        subscription=subscription,
        prefetch=7,
        retry_attempts=10,
        retry_delays_ms=[1000, 60_000, 600_000],
    )
    change_subscription(actor=SYSTEM, subscription=subscription)

    assert not AuditEntry.objects.exists()
    assert current_revision() == 0


@pytest.mark.parametrize("other", [True, 1.0, "1"])
def test_values_that_python_takes_for_equal_are_a_change(
    other: object, make_event_type: Callable[..., EventType]
) -> None:
    event_type = make_event_type("exportRequested", example={"a": 1})

    change_event_type(actor=SYSTEM, event_type=event_type, example={"a": other})

    stored = EventType.objects.get().example["a"]
    assert (stored, type(stored)) == (other, type(other))
