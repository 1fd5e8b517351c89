"""A person looks at the map: points at things, walks by keyboard, goes from one to the next."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Product
from tests.harness.poll import wait_until


@pytest.mark.timeout(180)
def test_by_mouse_and_by_keyboard(start_product: Callable[..., Product], page: Page) -> None:
    # The registry of the story, and none of its services.
    product = start_product(registry_of_the_story=True, EVENTBUS_EXAMPLES="0")
    product.sign_in(page)
    page.goto(f"{product.url}/map/")
    ghost = page.locator('.node[data-column="2"]', has_text="meca-exporter")
    faded = page.locator('.node[data-column="2"]', has_text="statistics")

    # A service without a worker is a ghost: dashed, and a word says so.
    def stands_as_a_ghost() -> None:
        page.goto(f"{product.url}/map/")
        expect(ghost).to_have_attribute("data-standing", "ghost", timeout=1_000)

    expect_in_the_end(stands_as_a_ghost)
    expect(ghost.locator(".node__frame")).to_have_css("stroke-dasharray", "5px, 4px")
    expect(ghost).to_contain_text("absent")

    # Pointing at it fades what it is not connected with.
    ghost.hover()
    expect(faded).to_have_css("opacity", "0.12")
    expect(page.locator('.node[data-column="1"]', has_text="beginMecaExport")).to_have_css(
        "opacity", "1"
    )
    page.mouse.move(0, 0)
    expect(faded).to_have_css("opacity", "1")

    # The legend isolates a kind, until it is pressed again.
    legend = page.get_by_role("group", name="Show one kind only")
    legend.get_by_role("button", name="Stranger").click()
    expect(faded).to_have_css("opacity", "0.12")
    legend.get_by_role("button", name="Stranger").click()
    expect(faded).to_have_css("opacity", "1")

    # By keyboard: to its event type, which is lit, and into that one's neighbourhood.
    ghost.focus()
    page.keyboard.press("ArrowLeft")
    focused = page.locator(".node:focus")
    expect(focused).to_contain_text("beginMecaExport")
    expect(faded).to_have_css("opacity", "0.12")
    page.keyboard.press("Enter")
    page.wait_for_url("**/map/?focus=type%3AbeginMecaExport")
    expect(page.locator(".node")).to_have_count(3)
    expect(page.locator("#map-panel-name")).to_have_text("beginMecaExport")
    expect(focused).to_contain_text("beginMecaExport")

    # From there one walks on, and back to all of it.
    page.locator('.node[data-column="0"]').click()
    page.wait_for_url("**/map/?focus=service%3Aexport-manager")
    expect(page.locator("#map-panel-name")).to_have_text("export-manager")
    page.get_by_role("link", name="Whole map").click()
    expect(faded).to_be_visible()


def expect_in_the_end(shown: Callable[[], None]) -> None:
    """Try until it is shown: the worker has to look at the broker first."""

    def tried() -> bool:
        shown()
        return True

    wait_until(tried, timeout=30, interval=0.5, ignoring=AssertionError)
