"""A publication lets a service publish an event type until it is retired."""

from collections.abc import Callable

import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.actions import allow_publication, retire_publication
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import (
    EventType,
    Publication,
    PublicationState,
    Service,
)


@pytest.fixture(autouse=True)
def ends(make_event_type: Callable[..., EventType], make_service: Callable[..., Service]) -> None:
    make_event_type("exportRequested")
    make_service("submission")


def allow() -> Publication:
    return allow_publication(actor=SYSTEM, service="submission", event_type="exportRequested")


def test_it_is_allowed() -> None:
    allow()

    assert Publication.objects.get().state == PublicationState.ACTIVE
    entry = AuditEntry.objects.get()
    assert str(entry) == "system: allowed publication exportRequested/submission"
    assert (entry.before, entry.after) == (None, {"state": "active"})


def test_allowing_twice_is_said() -> None:
    allow()

    with pytest.raises(ActionError) as refusal:
        allow()

    assert refusal.value.code == "already_allowed"
    assert refusal.value.message == "submission may publish exportRequested already."


@pytest.mark.parametrize("state", ["declined", "retired"])
def test_any_other_state_becomes_active_in_the_same_row(state: str) -> None:
    old = allow()
    Publication.objects.update(state=state)

    again = allow()

    assert again.pk == old.pk
    assert Publication.objects.get().state == PublicationState.ACTIVE
    assert AuditEntry.objects.first().before == {"state": state}


def test_it_is_retired_once() -> None:
    publication = allow()

    retire_publication(actor=SYSTEM, publication=publication)

    assert Publication.objects.get().state == PublicationState.RETIRED
    with pytest.raises(ActionError) as refusal:
        retire_publication(actor=SYSTEM, publication=publication)
    assert refusal.value.code == "already_retired"


@pytest.mark.parametrize(
    ("names", "code"),
    [({"service": "nope"}, "unknown_service"), ({"event_type": "nope"}, "unknown_event_type")],
)
def test_unknown_ends_are_named(names: dict[str, str], code: str) -> None:
    ends = {"service": "submission", "event_type": "exportRequested", **names}

    with pytest.raises(ActionError) as refusal:
        allow_publication(actor=SYSTEM, **ends)

    assert (refusal.value.code, refusal.value.field) == (code, next(iter(names)))
