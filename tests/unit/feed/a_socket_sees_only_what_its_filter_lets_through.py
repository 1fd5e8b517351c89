"""The server filters, for every socket by its own address."""

from collections.abc import Awaitable, Callable

import pytest

from tests.unit.feed.conftest import Flow, Page

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Awaitable[Page]]


async def shown(page: Page) -> list[str]:
    return [row["id"] for row in (await page.frame_of("events"))["rows"]]


async def test_by_type_and_text(flow: Flow, open_page: OpenPage) -> None:
    everything = await open_page()
    by_type = await open_page("?type=beginMecaExport")
    by_text = await open_page("?text=%20PLOS%20")
    by_both = await open_page("?type=exportRequested&text=plos")

    flow.see("e1", payload={"journal": "eLife"})
    flow.see("e2", payload={"journal": "PLOS"})
    flow.see("e3", "beginMecaExport", payload={"journal": "PLOS"})
    await flow.move()

    assert await shown(everything) == ["e1", "e2", "e3"]
    assert await shown(by_type) == ["e3"]
    assert await shown(by_text) == ["e2", "e3"]
    assert await shown(by_both) == ["e2"]


async def test_a_frame_says_all_that_a_page_needs(flow: Flow, open_page: OpenPage) -> None:
    page = await open_page()

    flow.see("e1", payload={"journal": "eLife"})
    await flow.move()

    frame = await page.frame()
    assert set(frame) == {"kind", "seq", "rows", "dropped", "rate"}
    assert (frame["kind"], frame["seq"], frame["dropped"]) == ("events", 1, 0)
    assert frame["rate"] > 0
    row = frame["rows"][0]
    assert (row["id"], row["type"], row["source"]) == ("e1", "exportRequested", "submission")
    assert (row["summary"], row["outcomes"]) == ('{"journal": "eLife"}', [])


async def test_outcomes_of_events_that_are_not_shown_are_not_told(
    flow: Flow, open_page: OpenPage
) -> None:
    page = await open_page("?type=beginMecaExport")

    flow.see("e1")
    flow.see("e2", "beginMecaExport")
    await flow.move()
    assert await shown(page) == ["e2"]
    flow.report("e1", "export-manager")
    flow.report("e2", "meca-exporter")
    await flow.move()

    frame = await page.frame_of("outcomes")
    assert [(one["event_id"], one["service"]) for one in frame["rows"]] == [("e2", "meca-exporter")]
    about = {"event_id", "event_type", "service"}
    assert set(frame["rows"][0]) == about | {"outcome", "attempts", "error", "at"}


async def test_a_service_sees_what_it_published_and_what_it_handled(
    flow: Flow, open_page: OpenPage
) -> None:
    page = await open_page("?service=export-manager")

    flow.see("e1")
    flow.see("e2", "beginMecaExport", source="export-manager")
    flow.see("e3")
    await flow.move()
    assert await shown(page) == ["e2"]
    flow.report("e1", "export-manager")
    flow.report("e3", "meca-exporter")
    await flow.move()

    frame = await page.frame_of("events")
    assert [row["id"] for row in frame["rows"]] == ["e1"]
    assert [one["service"] for one in frame["rows"][0]["outcomes"]] == ["export-manager"]


async def test_the_history_is_filtered_too(flow: Flow, cookie: str) -> None:
    flow.see("e1")
    flow.see("e2", "beginMecaExport")
    await flow.move()
    page = Page("?type=beginMecaExport&unknown=1", cookie)

    assert [row["id"] for row in (await page.open())["history"]] == ["e2"]
    await page.close()
