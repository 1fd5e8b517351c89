"""A ring takes whatever comes and keeps the newest; every loss is counted and shown."""

import threading
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbus_admin.feed.losses import Losses
from eventbus_admin.feed.ring import Ring
from tests.unit.feed.conftest import Flow, Page


@given(st.lists(st.integers(1, 50)), st.integers(1, 10), st.integers(0, 100))
def test_what_goes_in_comes_out_or_is_counted(
    sizes: list[int], max_items: int, max_size: int
) -> None:
    ring: Ring[int] = Ring(max_items, max_size)
    for number, size in enumerate(sizes):
        ring.put(number, size)

    kept = ring.take(1_000)
    assert kept == list(range(len(sizes)))[len(sizes) - len(kept) :]
    assert len(kept) + ring.dropped == len(sizes)
    assert len(kept) <= max_items
    assert not max_size or sum(sizes[number] for number in kept) <= max_size


def test_a_full_ring_never_waits() -> None:
    ring: Ring[int] = Ring(100)
    writers = [
        threading.Thread(target=lambda: [ring.put(number) for number in range(1_000)])
        for _ in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(10)

    assert ring.dropped == 3_900
    assert len(ring.take(50)) == 50
    assert len(ring) == 50


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_page_is_told_what_was_dropped(
    flow: Flow, open_page: Callable[..., Awaitable[Page]]
) -> None:
    flow.pump.events = Ring(2)
    page = await open_page()
    flow.see("e0")
    await flow.move()
    await page.frame_of("events")

    for number in range(1, 6):
        flow.see(f"e{number}")
    await flow.move()

    frame = await page.frame_of("events")
    assert [row["id"] for row in frame["rows"]] == ["e4", "e5"]
    assert frame["dropped"] == 3


def test_messages_that_a_layer_lost_are_missed_by_the_next() -> None:
    losses = Losses()
    losses.follow({"pump": "a", "total": 10, "dropped": 2, "rate": 0.0}, 10)
    losses.follow({"pump": "a", "total": 15, "dropped": 2, "rate": 0.0}, 5)
    assert losses.count == 0

    losses.follow({"pump": "a", "total": 30, "dropped": 2, "rate": 0.0}, 5)
    assert losses.count == 10
    losses.follow({"pump": "a", "total": 31, "dropped": 5, "rate": 0.0}, 1)
    assert losses.count == 13


def test_another_pump_counts_anew() -> None:
    losses = Losses()
    losses.follow({"pump": "a", "total": 100, "dropped": 7, "rate": 0.0})
    losses.follow({"pump": "b", "total": 3, "dropped": 0, "rate": 0.0}, 3)
    assert losses.count == 0

    losses.follow({"pump": "c", "total": 5, "dropped": 1, "rate": 0.0}, 3)
    assert losses.count == 3
