"""One command: the console answers, and the feed shows the example's events moving."""

from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Product


@pytest.mark.timeout(180)
def test_the_feed_shows_the_story_and_a_row_opens_the_whole_event(
    start_product: Callable[..., Product], page: Page
) -> None:
    product = start_product()
    assert requests.get(f"{product.url}/healthz", timeout=5).status_code == 200
    violations: list[str] = []
    page.on("console", lambda one: violations.append(one.text) if one.type == "error" else None)

    product.sign_in(page)
    page.goto(f"{product.url}/feed/")
    rows = page.locator("#feed-rows")
    for event_type in ("exportRequested", "beginMecaExport", "exportSuccessful"):
        expect(rows.get_by_text(event_type, exact=True).first).to_be_visible(timeout=60_000)

    rows.get_by_text("exportSuccessful", exact=True).first.click()
    expect(rows.get_by_text("What became of it").first).to_be_visible()
    expect(rows.get_by_text("Its story").first).to_be_visible()

    page.get_by_label("Event type").fill("beginMecaExport")
    expect(page).to_have_url(f"{product.url}/feed/?type=beginMecaExport")
    expect(rows.get_by_text("beginMecaExport", exact=True).first).to_be_visible(timeout=30_000)
    expect(rows.get_by_text("exportRequested", exact=True)).to_have_count(0)

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="new")).to_be_visible(timeout=60_000)
    assert violations == []
