"""The search finds whatever one may see, the best answer first."""

import json
from collections.abc import Callable

import pytest
from django.test import Client

from eventbus_admin.accounts.models import TokenScope, User
from eventbus_admin.accounts.tokens import issue
from eventbus_admin.console.search import Group, Hit, meant, parts, rank, ranked
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.registry.models import EventType, Subscription
from tests.unit.console.conftest import EVENT, RUN, UNMANAGED

SUBSCRIPTION = "/subscriptions/exportRequested/export-manager/"


def search(client: Client, text: str) -> str:
    """The fragment that fills the dialog."""
    return client.get("/search/", {"q": text}, headers={"HX-Request": "true"}).content.decode()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("new subscr", "/new/subscription/"),
        ("did not arrive", "/why/"),
        ("map", "/map/"),
        ("exportRequested", "/event-types/exportRequested/"),
        ("MANAGER", "/services/export-manager/"),
        ("exportRequested → export-manager", SUBSCRIPTION),
        ("exportRequested/export-manager", SUBSCRIPTION),
        (EVENT, f"/feed/events/{EVENT}/"),
        (f' "{EVENT}" ', f"/feed/events/{EVENT}/"),
        (f"  `{EVENT[:-2]}`\n", f"/feed/events/{EVENT}/"),
        (json.dumps({"event": {"id": EVENT, "payload": {}}}), f"/feed/events/{EVENT}/"),
        ("story-1", f"/feed/events/{EVENT}/"),
        ("503", "/dead-letters/causes/1/"),
        ("consumer__exportRequested__gone", f"/drift/objects/{UNMANAGED}/"),
        ("a__removed", f"/operations/{RUN}/"),
        ("asked for by mia", f"/runs/{RUN}/"),
        (str(RUN), f"/runs/{RUN}/"),
        ("journals", "/services/?owner=Journals"),
    ],
)
def test_each_kind_is_found(
    text: str,
    url: str,
    world: Subscription,
    viewer: User,
    signed_in: Callable[[User], Client],
) -> None:
    assert f'href="{url}"' in search(signed_in(viewer), text)


def test_a_token_is_found_by_whoever_may_see_it(
    world: Subscription,
    member: User,
    stranger: User,
    operator: User,
    signed_in: Callable[[User], Client],
) -> None:
    token, _ = issue(name="nightly-report", scopes=list(TokenScope), user=member)
    url = f"/tokens/{token.prefix}/"
    seen = {one.username: url in search(signed_in(one), "nightly") for one in (member, stranger)}
    assert seen == {"mia": True, "sam": False}
    assert url in search(signed_in(operator), token.prefix)


def test_an_error_that_is_hidden_is_not_found(
    world: Subscription, member: User, stranger: User, signed_in: Callable[[User], Client]
) -> None:
    EventType.objects.update(private=True)
    assert "/dead-letters/causes/" in search(signed_in(member), "503")
    assert "/dead-letters/causes/" not in search(signed_in(stranger), "503")


def test_without_javascript_it_is_a_page_of_plain_links(
    world: Subscription, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    page = signed_in(viewer).get("/search/?q=export-manager").content.decode()
    assert "<h1>Search</h1>" in page
    assert 'value="export-manager"' in page
    found = page.partition('class="card search__found"')[2]
    assert f'href="{SUBSCRIPTION}"' in found
    assert 'role="option"' not in found.partition("<dialog")[0]
    assert "<mark>export-manager</mark>" in found


def test_nothing_found_teaches_and_nothing_asked_offers_the_pages(
    world: Subscription, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(viewer)
    assert "Nothing has this name" in search(client, "no-such-thing")
    assert "/new/subscription/" in search(client, "")
    assert "Nothing has this name" in search(client, "%_\\'\"x" * 900)


def test_what_is_found_never_becomes_markup(
    world: Subscription,
    see_event: Callable[..., JournalEntry],
    viewer: User,
    signed_in: Callable[[User], Client],
) -> None:
    see_event("<b>1</b>")
    answer = search(signed_in(viewer), "<b>")
    assert "<mark>&lt;b&gt;</mark>1&lt;/b&gt;" in answer
    assert "<b>" not in answer


def test_the_exact_name_is_there_among_hundreds(
    make_subscription: Callable[..., Subscription],
    viewer: User,
    signed_in: Callable[[User], Client],
) -> None:
    for number in range(30):
        make_subscription(f"a{number:02}-order", f"a{number:02}-orderer")
    make_subscription("order", "order")
    hits = search(signed_in(viewer), "order")
    assert hits.index("/subscriptions/order/order/") < hits.index("/subscriptions/a")
    assert hits.index("/services/order/") < hits.index("/services/a")
    assert hits.count('role="option"') <= 15


def test_exact_comes_before_beginning_before_inside() -> None:
    names = ["reorder", "orders", "order", "other"]
    assert sorted(names, key=lambda name: rank(name, "ORDER")) == [
        "order",
        "orders",
        "reorder",
        "other",
    ]
    groups = [Group(name, "", [Hit("/", name)]) for name in names] + [Group("none", "")]
    assert [one.name for one in ranked(groups, "order")] == ["order", "orders", "reorder", "other"]


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        ('{"id": "a_1", "payload": {"id": "b"}}', "a_1"),
        ('{"event": {"payload": {"id": "b"}, "id": "a_1"}, "meta": {}}', "a_1"),
        ('{"event": {"id": "a_1", "payl', "a_1"),
        ('{"x": 1}', '{"x": 1}'),
        ("“a_1”\n", "a_1"),
        ("", ""),
    ],
)
def test_what_was_pasted_is_understood(pasted: str, text: str) -> None:
    assert meant(pasted) == text


def test_the_part_that_was_found_is_told_apart() -> None:
    assert parts("exportRequested", "REQ") == [
        ("export", False),
        ("Req", True),
        ("uested", False),
    ]
    assert parts("a", "") == [("a", False)]
