"""A subscription's page lists what gave up, and a retired one claims nothing about its queue."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import User
from eventbus_admin.journal.models import Outcome
from eventbus_admin.registry.actions import retire_subscription
from eventbus_admin.registry.models import Subscription


@pytest.fixture
def client_of_a_viewer(signed_in: Callable[[User], Client], viewer: User) -> Client:
    return signed_in(viewer)


@pytest.fixture
def subscription(make_subscription: Callable[..., Subscription]) -> Subscription:
    return make_subscription("exportRequested", "meca-exporter")


def _page(client: Client, subscription: Subscription) -> str:
    event_type, service = subscription.event_type.name, subscription.service.name
    return client.get(f"/subscriptions/{event_type}/{service}/").content.decode()


def test_the_last_line_of_the_error_is_on_the_page(
    client_of_a_viewer: Client, subscription: Subscription
) -> None:
    assert "Gave up lately" not in _page(client_of_a_viewer, subscription)
    Outcome.objects.create(
        event_id="e1",
        event_type=subscription.event_type.name,
        service=subscription.service.name,
        outcome="dead",
        attempts=3,
        at=timezone.now(),
        error="Traceback (most recent call last):\n  File …\nValueError: the archive is closed",
    )
    page = _page(client_of_a_viewer, subscription)
    assert "Gave up lately" in page
    assert "ValueError: the archive is closed</span>" in page


def test_a_retired_one_shows_no_numbers(
    client_of_a_viewer: Client, subscription: Subscription
) -> None:
    retire_subscription(actor=SYSTEM, subscription=subscription)
    page = _page(client_of_a_viewer, subscription)
    assert "goes on collecting" in page
    assert "In work" not in page
    assert "Read from the broker" not in page
