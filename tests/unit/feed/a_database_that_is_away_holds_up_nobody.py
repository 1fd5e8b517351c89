"""What cannot be written waits, bounded, and is written when the database is back."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.db import OperationalError

from eventbus_admin.feed import backlog, pump
from eventbus_admin.feed.backlog import Backlog
from eventbus_admin.journal.models import JournalEntry
from tests.unit.feed.conftest import Flow, Page


class Database:
    """One that can go away."""

    def __init__(self) -> None:
        self.here = True
        self.tried = 0
        self.written: list[int] = []

    def write(self, items: list[int]) -> None:
        """Write, or say that it is away."""
        self.tried += 1
        if not self.here:
            raise OperationalError("away")
        self.written += items


class Clock:
    """Time that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_what_waits_is_written_in_order() -> None:
    database, clock = Database(), Clock()
    waiting = Backlog("numbers", database.write, now=clock)
    waiting.add([1])
    database.here = False
    waiting.add([2])
    waiting.add([3])
    assert database.tried == 2  # it is not asked again at once

    database.here = True
    clock.now += backlog.RETRY_SECONDS
    waiting.add([4])
    assert database.written == [1, 2, 3, 4]
    assert waiting.dropped == 0


def test_what_waits_is_bounded() -> None:
    database, clock = Database(), Clock()
    database.here = False
    waiting = Backlog("numbers", database.write, kept=3, now=clock)
    waiting.add([0])
    waiting.add(list(range(1, 11)))

    database.here = True
    clock.now += backlog.RETRY_SECONDS
    waiting.flush()
    assert database.written == [0, 8, 9, 10]
    assert waiting.dropped == 7


def test_other_errors_are_not_swallowed() -> None:
    def write(items: list[int]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Backlog("numbers", write).add([1])


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_feed_goes_on_without_the_journal(
    flow: Flow,
    open_page: Callable[..., Awaitable[Page]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(backlog, "RETRY_SECONDS", 0.0)
    page = await open_page()
    with monkeypatch.context() as patch:
        patch.setattr(JournalEntry.objects, "bulk_create", away)
        patch.setattr(pump, "rows_of", away)
        flow.see("e1")
        await flow.move()

    frame = await page.frame_of("events")
    assert [row["id"] for row in frame["rows"]] == ["e1"]
    assert not await JournalEntry.objects.aexists()

    flow.see("e2")
    await flow.move()
    assert {one async for one in JournalEntry.objects.values_list("event_id", flat=True)} == {
        "e1",
        "e2",
    }
