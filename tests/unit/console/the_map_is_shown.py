"""The page of the map: what everybody sees on it, what its address holds, how it refreshes."""

import re
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client

from eventbus_admin.accounts.models import Team, User
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.reconcile.models import ReconcileState
from eventbus_admin.registry.models import EventType, Subscription

SignedIn = Callable[[User], Client]
POLL = re.compile(r'hx-get="(/map/live/[^"]*)"')


def poll_of(html: str) -> str:
    """Return where the page asks whether something changed."""
    found = POLL.search(html)
    assert found
    return found[1].replace("&amp;", "&")


@pytest.mark.parametrize("who", ["stranger", "member", "operator"])
def test_everybody_who_is_signed_in_sees_the_same(
    who: str, world: Subscription, signed_in: SignedIn, request: pytest.FixtureRequest
) -> None:
    cache.clear()
    html = signed_in(request.getfixturevalue(who)).get("/map/").content.decode()
    assert 'href="?focus=type%3AexportRequested"' in html
    # export-manager listens, and is allowed to publish what the journal saw from submission only.
    assert html.count('href="?focus=service%3Aexport-manager"') == 2
    assert "submission published exportRequested, and the registry does not let it." in html
    assert "It never published this, as far as the journal reaches." in html
    assert "3 wait" in html


def test_a_focus_shows_what_is_around_and_a_panel(
    world: Subscription,
    make_event_type: Callable[..., EventType],
    viewer: User,
    signed_in: SignedIn,
) -> None:
    make_event_type("unrelated")
    client = signed_in(viewer)
    assert "unrelated" in client.get("/map/").content.decode()
    html = client.get("/map/?focus=type:exportRequested").content.decode()
    assert "unrelated" not in html
    assert 'id="map-panel-name">exportRequested</h2>' in html
    assert 'href="/event-types/exportRequested/"' in html
    assert 'href="/feed/?type=exportRequested"' in html
    assert 'href="/subscriptions/exportRequested/export-manager/"' in html
    assert 'href="/map/?focus=service%3Asubmission"' in html
    assert "Around: exportRequested" in html


def test_filters_live_in_the_address(
    world: Subscription,
    make_event_type: Callable[..., EventType],
    viewer: User,
    signed_in: SignedIn,
) -> None:
    make_event_type("theirs", team="Strangers")
    client = signed_in(viewer)
    by_text = client.get("/map/?q=THEIR").content.decode()
    by_team = client.get("/map/?owner=Journals").content.decode()
    problems = client.get("/map/?problems=1").content.decode()
    assert ("type%3Atheirs" in by_text, "type%3AexportRequested" in by_text) == (True, False)
    assert ("type%3Atheirs" in by_team, "type%3AexportRequested" in by_team) == (False, True)
    assert ("type%3Atheirs" in problems, "type%3AexportRequested" in problems) == (False, True)


def test_it_is_drawn_again_only_when_something_changed(
    world: Subscription, answering_broker: ReconcileState, viewer: User, signed_in: SignedIn
) -> None:
    cache.clear()
    client = signed_in(viewer)
    address = poll_of(client.get("/map/?focus=type:exportRequested").content.decode())
    assert "focus=type%3AexportRequested" in address
    same = client.get(address)
    assert same["HX-Reswap"] == "none"
    assert "<svg" not in same.content.decode()
    assert 'hx-swap-oob="true"' in same.content.decode()

    world.status.messages_ready = 4
    world.status.save()
    changed = client.get(address).content.decode()
    assert "4 wait" in changed
    assert poll_of(changed) != address


def test_an_empty_map_says_what_will_be_there(viewer: User, signed_in: SignedIn) -> None:
    html = signed_in(viewer).get("/map/").content.decode()
    assert "Nothing to draw yet" in html
    assert "The broker was not read yet, so nobody is called absent" in html


@pytest.mark.parametrize("focus", ["type:nothing", "junk", "outside:", "<script>", "a" * 300])
def test_what_is_not_there_is_said(
    focus: str, world: Subscription, viewer: User, signed_in: SignedIn
) -> None:
    html = signed_in(viewer).get("/map/", {"focus": focus}).content.decode()
    assert "Nothing on the map matches" in html
    assert "<script>" not in html


def test_a_name_from_outside_never_becomes_markup(
    world: Subscription, see_event: Callable[..., JournalEntry], viewer: User, signed_in: SignedIn
) -> None:
    cache.clear()
    see_event("e2", 'a"><b>', source="</title><i>")
    html = signed_in(viewer).get("/map/").content.decode()
    assert ("<b>" in html, "<i>" in html) == (False, False)
    assert "&lt;/title&gt;&lt;i&gt;" in html
    focused = signed_in(viewer).get("/map/", {"focus": 'type:a"><b>'})
    assert "&lt;b&gt;</h2>" in focused.content.decode()


def test_beyond_the_limit_it_says_what_is_left_out(
    world: Subscription, viewer: User, signed_in: SignedIn, journals: Team
) -> None:
    EventType.objects.bulk_create(
        EventType(name=f"type{number}", owner=journals) for number in range(450)
    )
    html = signed_in(viewer).get("/map/").content.decode()
    assert "At most 400 names are drawn: problems first, then where most flows. 54 more" in html
    assert "type%3AexportRequested" in html
