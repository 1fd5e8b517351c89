"""Counts on the overview lead to exactly what they count; the broker and the runs are told of."""

from collections.abc import Callable

import pytest
from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.console.counts import Tally
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.reconcile.models import (
    BrokerObject,
    Health,
    ReconcileState,
    Run,
    SubscriptionStatus,
    Sync,
)
from eventbus_admin.registry.models import Service, Subscription


@pytest.fixture
def registry(make_subscription: Callable[..., Subscription]) -> None:
    """Subscriptions in several states, some of them looked at."""
    for number, state in enumerate(("active", "active", "active", "paused", "requested")):
        row = make_subscription("exportRequested", f"service-{number}", state=state)
        if number < 2:
            health = (Health.HEALTHY, Health.BACKLOG)[number]
            SubscriptionStatus.objects.create(subscription=row, health=health)
    Service.objects.filter(name="service-0").update(kind="integrator")


def numbers(tallies: list[Tally]) -> dict[str, int]:
    return {one.label: one.number for one in tallies}


def test_numbers_are_those_of_their_lists(
    registry: None, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(viewer)
    counted = client.get("/").context["registry"]
    assert (counted.event_types, counted.services, counted.integrators) == (1, 5, 1)
    assert numbers(counted.states) == {"Requested": 1, "Active": 3, "Paused": 1}
    assert numbers(counted.healths) == {"Healthy": 1, "Backlog growing": 1, "Unknown": 2}
    for one in (*counted.states, *counted.healths):
        assert len(client.get(one.url).context["rows"]) == one.number, one.url


def test_drift_is_counted_by_state_and_leads_there(
    world: Subscription, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    ReconcileState.objects.update(counts={"missing": 1, "in_sync": 4, "blocked": 0})
    client = signed_in(viewer)
    counted = client.get("/").context["objects"]
    assert numbers(counted) == {"In sync": 4, "Missing": 1}
    missing = next(one for one in counted if one.label == "Missing")
    rows = client.get(missing.url).context["page"].rows
    assert rows == list(BrokerObject.objects.filter(sync=Sync.MISSING))


def test_the_broker_is_told_of(
    world: Subscription, viewer: User, signed_in: Callable[[User], Client], settings: object
) -> None:
    settings.EVENTBUS_BACKEND = "rabbitmq"  # type: ignore[attr-defined]
    html = signed_in(viewer).get("/").content.decode()
    assert "RabbitMQ 4.1.4" in html
    assert "rabbit@bus-1" in html
    ReconcileState.objects.update(reachable=False, error="Nobody answers at bus-1:15672.")
    html = signed_in(viewer).get("/").content.decode()
    assert "does not answer" in html
    assert "Nobody answers at bus-1:15672." in html


def test_what_waits_and_what_ran_is_listed(
    world: Subscription, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    html = signed_in(viewer).get("/").content.decode()
    assert f'href="/requests/{AccessRequest.objects.get().pk}/"' in html
    assert f'href="/runs/{Run.objects.get().pk}/"' in html


def test_an_installation_without_anything_teaches(
    db: None, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    html = signed_in(viewer).get("/").content.decode()
    for sentence in (
        "Nothing is known to be wrong. The broker has not been read yet.",
        "No service listens to anything yet.",
        "Not compared with the registry yet.",
        "Nobody waits.",
        "Nothing was applied to the broker yet.",
        "Nobody changed anything yet.",
    ):
        assert sentence in html
