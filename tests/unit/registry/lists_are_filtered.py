"""Lists show what somebody may see, and what they search for."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from eventbus_admin.accounts.models import User
from eventbus_admin.registry.models import (
    EventType,
    Publication,
    Service,
    Subscription,
    SubscriptionState,
)


@pytest.fixture
def world(
    make_event_type: Callable[..., EventType],
    make_service: Callable[..., Service],
    make_subscription: Callable[..., Subscription],
) -> None:
    make_event_type("exportRequested", description="Somebody wants an export", team="Submissions")
    make_event_type("beginMecaExport")
    make_service("export-manager", description="Decides what is exported 100%")
    make_service("meca-exporter")
    first = make_subscription("exportRequested", "export-manager")
    make_subscription("beginMecaExport", "meca-exporter", state=SubscriptionState.RETIRED)
    Publication.objects.create(event_type=first.event_type, service=first.service)


def names(rows: Any) -> set[str]:
    return {str(row) for row in rows}


ALL: list[Any] = [EventType, Service, Subscription, Publication]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("model", ALL)
def test_who_sees_what(model: Any, viewer: User, make_user: Callable[..., User]) -> None:
    everything = names(model.objects.all())
    assert everything

    assert names(model.objects.visible_to(viewer)) == everything
    assert not model.objects.visible_to(AnonymousUser())
    assert not model.objects.visible_to(make_user("kim", is_active=False))


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("model", "text", "found"),
    [
        (EventType, "", {"exportRequested", "beginMecaExport"}),
        (EventType, "EXPORT", {"exportRequested", "beginMecaExport"}),
        (EventType, "wants", {"exportRequested"}),
        (EventType, "submissions export", {"exportRequested"}),
        (EventType, "journals requested", set()),
        (Service, "meca", {"meca-exporter"}),
        (Service, "100%", {"export-manager"}),
        (Service, "%", {"export-manager"}),
        (Service, "_", set()),
        (Service, "null\0", set()),
        (Subscription, "meca", {"beginMecaExport → meca-exporter"}),
        (Subscription, "exportRequested/export-manager", {"exportRequested → export-manager"}),
        (Subscription, "exportRequested → export-manager", {"exportRequested → export-manager"}),
        (
            Subscription,
            "journals",
            {"exportRequested → export-manager", "beginMecaExport → meca-exporter"},
        ),
        (Publication, "manager", {"export-manager publishes exportRequested"}),
    ],
)
def test_searching(model: Any, text: str, found: set[str]) -> None:
    assert names(model.objects.search(text)) == found


@pytest.mark.usefixtures("world")
def test_owners() -> None:
    assert names(EventType.objects.owned_by("Submissions")) == {"exportRequested"}
    assert names(Service.objects.owned_by("Submissions")) == set()
    assert Subscription.objects.owned_by("Journals").count() == 2


@pytest.mark.usefixtures("world")
def test_live_ones_and_one_by_its_names(make_subscription: Callable[..., Subscription]) -> None:
    paused = make_subscription("exportRequested", "meca-exporter", state=SubscriptionState.PAUSED)

    assert names(Subscription.objects.live()) == {
        "exportRequested → export-manager",
        "exportRequested → meca-exporter",
    }
    assert Subscription.objects.named("exportRequested", "meca-exporter").get() == paused
