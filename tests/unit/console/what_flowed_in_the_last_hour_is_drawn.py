"""The console draws the last hour from the journal: by type, with a legend and a table."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from eventbus_admin.accounts.models import User
from eventbus_admin.console import activity
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.registry.models import Subscription

SUBSCRIPTION = "/subscriptions/exportRequested/export-manager/"
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()


def came(event_type: str, number: int, *, minutes_ago: int = 5) -> None:
    seen = timezone.now() - timedelta(minutes=minutes_ago)
    first = JournalEntry.objects.count()
    JournalEntry.objects.bulk_create(
        JournalEntry(
            event_id=f"came_{first + index}",
            type=event_type,
            correlation_id="story",
            created=seen,
            seen=seen,
        )
        for index in range(number)
    )


def shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


@pytest.mark.django_db
def test_every_minute_is_made_of_its_types() -> None:
    came("exportRequested", 3)
    came("exportSuccessful", 1)
    came("exportRequested", 2, minutes_ago=20)
    came("exportRequested", 9, minutes_ago=90)
    drawn = activity.hour_stack()
    assert drawn.names == [("exportRequested", 5), ("exportSuccessful", 1)]
    assert drawn.top == 4
    assert [values for _, values in drawn.rows if any(values)] == [[2, 0], [3, 1]]


@pytest.mark.django_db
def test_the_least_busy_share_a_colour() -> None:
    for number in range(1, 9):
        came(f"type{number}", number)
    drawn = activity.hour_stack()
    assert [name for name, _ in drawn.names] == [
        *("type4", "type5", "type6", "type7", "type8"),
        activity.OTHERS,
    ]
    assert drawn.names[-1][1] == 1 + 2 + 3
    tallest = max(drawn.columns, key=lambda column: len(column.parts))
    assert min(part.y for part in tallest.parts) >= 0
    assert drawn.total == 36


@pytest.mark.django_db
def test_the_legend_leaves_one_type(viewer: User, signed_in: SignIn) -> None:
    came("exportRequested", 3)
    came("exportSuccessful", 1)
    client = signed_in(viewer)
    assert 'href="?only=exportSuccessful"' in shown(client, "/")
    alone = shown(client, "/?only=exportSuccessful")
    assert "1 event in the last hour, at most 1 a minute" in alone
    assert "Show all types" in alone
    assert re.search(r'hx-get="[^"]*\?only=exportSuccessful"', alone), "the next poll forgets it"


@pytest.mark.django_db
def test_a_journal_that_is_younger_than_an_hour_says_so(viewer: User, signed_in: SignIn) -> None:
    came("exportRequested", 1)
    assert "The journal begins" in shown(signed_in(viewer), "/")
    JournalEntry.objects.update(seen=timezone.now() - timedelta(hours=2))
    assert "The journal begins" not in shown(signed_in(viewer), "/")


def test_lists_and_the_page_of_a_type_draw_it_too(
    world: Subscription, viewer: User, signed_in: SignIn
) -> None:
    came("exportRequested", 7)
    client = signed_in(viewer)
    before = JournalEntry.objects.filter(type="exportRequested").count()
    told = f"{before} events in the last hour"
    for path in ("/subscriptions/", "/event-types/", "/event-types/exportRequested/", SUBSCRIPTION):
        assert told in shown(client, path), path


@pytest.mark.django_db
def test_what_comes_at_a_full_minute_belongs_to_that_minute() -> None:
    full = timezone.now().replace(second=0, microsecond=0)
    moments = [full - timedelta(minutes=back) for back in range(1_000)]
    JournalEntry.objects.bulk_create(
        JournalEntry(event_id=f"at_{at:%s}", type="a", correlation_id="b", created=at, seen=at)
        for at in moments
    )
    found = JournalEntry.objects.annotate(minute=activity.Minute("seen")).order_by("-seen")
    assert [one.minute for one in found] == [int(at.timestamp()) // 60 for at in moments]
