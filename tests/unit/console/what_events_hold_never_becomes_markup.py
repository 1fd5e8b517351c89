"""Payloads, ids and names of services come from anywhere; pages show them as text."""

from collections.abc import Callable

import pytest
from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.console.highlight import json_html, python_html
from eventbus_admin.console.links import event_page
from eventbus_admin.journal.models import JournalEntry, Outcome
from eventbus_admin.registry.models import Subscription

EVIL = '<script>alert("x")</script>'


@pytest.fixture
def evil_event(world: Subscription, see_event: Callable[..., JournalEntry]) -> JournalEntry:
    """An event that tries to be markup wherever it can."""
    entry = see_event(
        f"id/with {EVIL}?&#",
        source=f"a/b{EVIL}",
        payload={EVIL: EVIL},
        headers={EVIL: EVIL},
    )
    Outcome.objects.create(
        event_id=entry.event_id,
        event_type="exportRequested",
        service="export-manager",
        outcome="dead",
        error=EVIL,
        at=entry.seen,
    )
    return entry


def test_on_no_page(
    evil_event: JournalEntry, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(viewer)
    own_page = event_page(evil_event.event_id)
    assert own_page
    for path in (
        own_page,
        "/event-types/exportRequested/",
        "/subscriptions/exportRequested/export-manager/",
        "/new/subscription/preview/?service=export-manager&event_type=exportRequested",
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert EVIL not in answer.content.decode()


@pytest.mark.parametrize("event_id", ["a/b", "ä ö", "a?b=c#d", "50%", "a\\b", "..x"])
def test_an_event_is_found_by_any_id(
    event_id: str,
    world: Subscription,
    see_event: Callable[..., JournalEntry],
    viewer: User,
    signed_in: Callable[[User], Client],
) -> None:
    see_event(event_id)
    answer = signed_in(viewer).get(event_page(event_id) or "")
    assert answer.status_code == 200
    assert answer.context["event"].event_id == event_id


@pytest.mark.parametrize("event_id", ["", "two\nlines"])
def test_an_id_without_an_address_breaks_no_list(
    event_id: str,
    world: Subscription,
    see_event: Callable[..., JournalEntry],
    viewer: User,
    signed_in: Callable[[User], Client],
) -> None:
    see_event(event_id)
    client = signed_in(viewer)
    assert client.get("/event-types/exportRequested/").status_code == 200
    assert client.get("/subscriptions/exportRequested/export-manager/").status_code == 200


def test_an_event_that_is_not_kept_is_said_so(
    viewer: User, signed_in: Callable[[User], Client]
) -> None:
    assert signed_in(viewer).get("/feed/events/gone/").status_code == 404


def test_marking_escapes() -> None:
    assert json_html({"a<b": "c&d"}).split("\n")[1] == (
        '  <span class="p">&quot;a&lt;b&quot;</span>: <span class="s">&quot;c&amp;d&quot;</span>'
    )
    assert "<script>" not in python_html(f'bus.publish("{EVIL}")')


@pytest.mark.parametrize(
    ("value", "piece"),
    [
        (1.5, '<span class="n">1.5</span>'),
        (None, '<span class="k">null</span>'),
        ("true", '<span class="s">&quot;true&quot;</span>'),
        ('quote " and 7', '<span class="s">&quot;quote \\&quot; and 7&quot;</span>'),
    ],
)
def test_each_kind_of_value_is_marked(value: object, piece: str) -> None:
    assert json_html(value) == piece
