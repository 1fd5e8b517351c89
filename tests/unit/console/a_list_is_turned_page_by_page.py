"""Pages follow one another without gaps and without a row twice, forwards and back."""

from collections.abc import Callable

import pytest
from django.test import Client, RequestFactory

from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.console.paging import keyset_page
from eventbus_admin.registry.models import EventType, Subscription


@pytest.fixture
def seven(make_event_type: Callable[..., EventType]) -> list[str]:
    """Names of seven event types, in order."""
    names = [f"type-{letter}" for letter in "abcdefg"]
    for name in reversed(names):
        make_event_type(name)
    return names


def test_forwards_and_back(seven: list[str]) -> None:
    walked, query = [], ""
    while True:
        page = turn(query)
        walked.append([row.name for row in page.rows])
        if page.following is None:
            break
        query = page.following
    assert walked == [seven[:3], seven[3:6], seven[6:]]

    back = turn(page.previous or "")
    assert [row.name for row in back.rows] == seven[3:6]
    first = turn(back.previous or "")
    assert [row.name for row in first.rows] == seven[:3]
    assert first.previous is None


def test_a_row_that_went_leaves_no_gap(seven: list[str]) -> None:
    following = turn("").following or ""
    EventType.objects.get(name=seven[2]).delete()
    assert [row.name for row in turn(following).rows] == seven[3:6]


def test_two_keys_order_together(make_subscription: Callable[..., Subscription]) -> None:
    for pair in (("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")):
        make_subscription(*pair)
    keys = ("event_type__name", "service__name")
    rows = Subscription.objects.with_related()
    first = keyset_page(rows, RequestFactory().get("/"), keys, size=3)
    assert first.following == "?after=b/x"
    rest = keyset_page(rows, RequestFactory().get(f"/{first.following}"), keys, size=3)
    assert [str(row) for row in rest.rows] == ["b → y"]


def test_the_newest_comes_first(operator: User, signed_in: Callable[[User], Client]) -> None:
    for number in range(120):
        AuditEntry.objects.create(
            actor_name="mia", verb="created", object_kind="service", object_name=f"s{number}"
        )
    client = signed_in(operator)
    seen: list[str] = []
    address: str | None = ""
    while address is not None:
        page = client.get(f"/audit/{address}").context["page"]
        seen += [row.object_name for row in page.rows]
        address = page.following
    assert seen == [f"s{number}" for number in reversed(range(120))]


def turn(query: str):  # type: ignore[no-untyped-def]
    """Return the page at this address, three rows long."""
    return keyset_page(
        EventType.objects.all(), RequestFactory().get(f"/{query}"), ("name",), size=3
    )
