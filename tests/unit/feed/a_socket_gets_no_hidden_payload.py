"""What is hidden from a person never travels to their browser, and no filter finds it."""

import json
from collections.abc import Awaitable, Callable

import pytest
from asgiref.sync import sync_to_async

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import User
from eventbus_admin.payloads.policy import sight_of
from eventbus_admin.payloads.revealing import reveal
from eventbus_admin.registry.models import EventType
from tests.unit.feed.conftest import Flow, Page

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Awaitable[Page]]
PLANTED = "aardvark-7"


async def test_neither_live_nor_by_a_filter(
    flow: Flow, open_page: OpenPage, make_event_type: Callable[..., EventType]
) -> None:
    await sync_to_async(make_event_type)("exportRequested", private=True)
    everything, by_text = await open_page(), await open_page(f"?text={PLANTED}")

    flow.see("e1", payload={"who": PLANTED})
    flow.see("e2", "beginMecaExport", payload={"who": PLANTED})
    await flow.move()

    rows = (await everything.frame_of("events"))["rows"]
    assert [(one["id"], one["hidden"]) for one in rows] == [("e1", True), ("e2", False)]
    assert PLANTED not in json.dumps(rows[0])
    assert [one["id"] for one in (await by_text.frame_of("events"))["rows"]] == ["e2"]


async def test_nor_from_the_history_until_it_is_revealed(
    flow: Flow, cookie: str, make_event_type: Callable[..., EventType]
) -> None:
    await sync_to_async(make_event_type)("exportRequested", private=True)
    flow.see("e1", payload={"who": PLANTED})
    flow.see("e2", payload={"who": PLANTED})
    await flow.move()

    assert PLANTED not in json.dumps(await hello(cookie))
    assert (await hello(cookie, f"?text={PLANTED}"))["history"] == []
    await sync_to_async(reveal_to_vera)("e2")
    assert [one["id"] for one in (await hello(cookie, f"?text={PLANTED}"))["history"]] == ["e2"]


async def hello(cookie: str, query: str = "") -> dict[str, list[dict[str, str]]]:
    page = Page(query, cookie)
    frame = await page.open()
    await page.close()
    return frame


def reveal_to_vera(event_id: str) -> None:
    actor = Actor.person(User.objects.get(username="vera"))
    reveal(actor=actor, event_type="exportRequested", event_id=event_id, reason="A customer asks.")
    assert sight_of(actor).shows("exportRequested", event_id)
