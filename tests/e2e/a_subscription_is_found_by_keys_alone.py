"""From any page, keys alone find a subscription and open it."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Playwright

from tests.harness.lively_console import LivelyConsole
from tests.harness.looking import looking

OPEN = "dialog#search[open]"
CHOSEN = f"{OPEN} [aria-selected=true]"


def test_a_subscription_is_found_by_keys_alone(tmp_path: Path, playwright: Playwright) -> None:
    with LivelyConsole(tmp_path) as console, looking(playwright, console) as looker:
        looker.show("light")
        looker.open("/drift/")
        page = looker.page
        escape_closes_it(page)
        page.keyboard.press("Control+k")
        page.keyboard.type("exportRequested/export-man")
        page.locator(f"{CHOSEN}[href='/subscriptions/exportRequested/export-manager/']").wait_for()
        assert page.locator("#search-input").get_attribute("aria-activedescendant")
        page.keyboard.press("Enter")
        page.wait_for_url("**/subscriptions/exportRequested/export-manager/")
        arrows_choose_another(page)
        assert looker.complaints == []
        # What looks here writes styles of its own, which the policy complains about.
        nobody_is_kept_out(page)


def escape_closes_it(page: Page) -> None:
    page.locator(".search__button").focus()
    page.keyboard.press("/")
    page.locator(CHOSEN).wait_for()
    page.keyboard.press("Escape")
    page.locator(OPEN).wait_for(state="detached")
    assert page.evaluate("document.activeElement.matches('.search__button')")


def arrows_choose_another(page: Page) -> None:
    page.keyboard.press("Meta+k")
    page.locator(CHOSEN).wait_for()
    first = page.locator(CHOSEN).inner_text()
    page.keyboard.press("ArrowDown")
    assert page.locator(CHOSEN).inner_text() != first
    page.keyboard.press("ArrowUp")
    assert page.locator(CHOSEN).inner_text() == first


def nobody_is_kept_out(page: Page) -> None:
    for text in ("export", "no-such-thing"):
        page.locator("#search-input").fill(text)
        shown = "mark" if text == "export" else "[data-nothing]"
        page.locator(f"{OPEN} {shown}").first.wait_for()
        assert Axe().run(page, context="#search").response["violations"] == []
