"""A page opens while events flow: each is shown once."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from eventbus_admin.feed import consumers
from eventbus_admin.journal import reads
from tests.unit.feed.conftest import Flow, Page

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Awaitable[Page]]


async def test_the_last_hundred_come_first_and_newest_last(flow: Flow, cookie: str) -> None:
    for number in range(120):
        flow.see(f"e{number}")
    await flow.move()
    page = Page("", cookie)

    history = (await page.open())["history"]
    assert [row["id"] for row in history] == [f"e{number}" for number in range(20, 120)]
    await page.close()


async def test_what_comes_while_the_history_is_read_is_told_after_it(
    flow: Flow, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.see("before")
    await flow.move()

    def read_slowly(*args: Any, **more: Any) -> list[Any]:
        flow.see("seen by the history")
        flow.pump.move()
        rows = list(reads_last_rows(*args, **more))
        flow.see("too late for the history")
        flow.pump.move()
        return rows

    reads_last_rows = reads.last_rows
    monkeypatch.setattr(consumers.reads, "last_rows", read_slowly)
    page = Page("", cookie)

    hello = await page.open()
    assert [row["id"] for row in hello["history"]] == ["before", "seen by the history"]
    frame = await page.frame_of("events")
    assert [row["id"] for row in frame["rows"]] == ["too late for the history"]
    await page.close()


async def test_an_event_sent_twice_is_shown_once(flow: Flow, open_page: OpenPage) -> None:
    page = await open_page()

    flow.see("e1")
    await flow.move()
    flow.see("e1")
    flow.see("e2")
    await flow.move()

    told = [row["id"] for _ in range(2) for row in (await page.frame_of("events"))["rows"]]
    assert told == ["e1", "e2"]


async def test_an_outcome_known_before_its_event_comes_with_it(
    flow: Flow, open_page: OpenPage
) -> None:
    page = await open_page()

    flow.report("e1", "export-manager")
    await flow.move()
    await page.frame_of("outcomes")
    flow.see("e1")
    await flow.move()

    row = (await page.frame_of("events"))["rows"][0]
    assert [one["outcome"] for one in row["outcomes"]] == ["handled"]
