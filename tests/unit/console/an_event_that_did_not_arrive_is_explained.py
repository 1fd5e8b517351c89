"""The page Why not?: asked by address, answered with facts, what to do, and no payload."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.deadletters.models import DeadLetter
from eventbus_admin.journal.models import JournalEntry, Outcome
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, SubscriptionStatus
from eventbus_admin.registry.models import Subscription
from tests.unit.console.conftest import EVENT

ADDRESS = f"/why/?event={EVENT}&service=export-manager"
Browser = Callable[[User], Client]


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_it_says_where_the_event_stopped(
    world: Subscription, viewer: User, signed_in: Browser
) -> None:
    page = text(signed_in(viewer), ADDRESS)

    assert 'data-verdict="dead"' in page
    assert page.count("data-opened") == 1
    assert "HTTPError: 503" in page
    assert "The journal saw it from submission" in page


def test_it_shows_no_payload(world: Subscription, viewer: User, signed_in: Browser) -> None:
    JournalEntry.objects.update(payload={"secret": "pineapple"})
    client = signed_in(viewer)

    assert "pineapple" not in text(client, ADDRESS)
    assert "pineapple" not in text(client, "/why/?type=exportRequested")


@pytest.mark.parametrize(
    "pasted",
    [f"  {EVENT} ", f"`{EVENT}`", f'{{"event": {{"id": "{EVENT}", "payload": {{}}}}}}'],
)
def test_an_id_may_be_pasted_as_it_is_found(
    pasted: str, world: Subscription, viewer: User, signed_in: Browser
) -> None:
    address = f"/why/?event={quote(pasted)}&service=export-manager"
    assert 'data-verdict="dead"' in text(signed_in(viewer), address)


def test_a_type_and_a_time_offer_what_the_journal_has(
    world: Subscription, viewer: User, signed_in: Browser
) -> None:
    client = signed_in(viewer)
    seen = JournalEntry.objects.get().seen.strftime("%Y-%m-%dT%H:%M")

    found = text(client, f"/why/?type=exportRequested&at={seen}&service=export-manager")
    assert f'href="?event={EVENT}&amp;service=export-manager"' in found
    assert "The journal has no such event then" in text(
        client, "/why/?type=exportRequested&at=2001-01-01T00:00"
    )
    assert "is no time" in text(client, "/why/?type=exportRequested&at=noon")


def test_what_acts_at_once_is_for_who_may_change_the_subscription(
    world: Subscription, viewer: User, member: User, signed_in: Browser
) -> None:
    Outcome.objects.all().delete()
    DeadLetter.objects.all().delete()
    AuditEntry.objects.filter(verb="paused").update(at=world.created)
    Subscription.objects.filter(pk=world.pk).update(state="paused")
    SubscriptionStatus.objects.update(health="paused")
    ReconcileState.objects.update(observed_at=timezone.now())
    make_there(world)

    resume = 'action="/subscriptions/exportRequested/export-manager/resume/"'
    may, may_not = text(signed_in(member), ADDRESS), text(signed_in(viewer), ADDRESS)
    assert 'data-verdict="paused"' in may
    assert resume in may
    assert resume not in may_not
    assert "Only members of the team Journals or operators" in may_not


def make_there(subscription: Subscription) -> None:
    BrokerObject.objects.filter(name=subscription.queue_name).update(
        sync="in_sync", found={}, since=subscription.created
    )


@pytest.mark.parametrize(
    "address",
    [
        "/why/?event=%3Cb%3E&service=%3Cb%3E",
        f"/why/?event={'x' * 3000}&service={'y' * 300}",
        "/why/?type=a&at=9999-99-99T99:99&minutes=99999999999999999999",
        "/why/?type=a&at=0001-01-01T00:00&minutes=1440",
    ],
)
def test_whatever_is_asked_is_answered(
    address: str, world: Subscription, viewer: User, signed_in: Browser
) -> None:
    answer = signed_in(viewer).get(address)
    assert answer.status_code == 200
    assert "<b>" not in answer.content.decode()


def test_the_pages_of_event_subscription_and_dead_letter_lead_there(
    world: Subscription, viewer: User, signed_in: Browser
) -> None:
    client = signed_in(viewer)
    letter = DeadLetter.objects.earliest("pk")

    assert f"/why/?event={EVENT}&amp;service=export-manager" in text(
        client, f"/feed/events/{EVENT}/"
    )
    assert "/why/?service=export-manager&amp;type=exportRequested" in text(
        client, "/subscriptions/exportRequested/export-manager/"
    )
    assert "/why/?event=" in text(client, f"/dead-letters/{letter.pk}/")
