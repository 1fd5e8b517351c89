"""Whoever uses keys alone gets everywhere, sees where they are, and is not thrown back."""

from pathlib import Path

from playwright.sync_api import Page, Playwright

from tests.harness.lively_console import LivelyConsole
from tests.harness.looking import looking

FOCUSED = "(document.activeElement.textContent || '').trim()"
RING = "getComputedStyle(document.activeElement).outlineStyle !== 'none'"


def test_keys_alone_lead_everywhere(tmp_path: Path, playwright: Playwright) -> None:
    with LivelyConsole(tmp_path) as console, looking(playwright, console) as looker:
        looker.show("light")
        looker.open("/")
        page = looker.page
        skips_to_the_content(page)
        stays_where_it_is_while_the_page_refreshes(page)
        looker.open("/subscriptions/exportRequested/export-manager/")
        escape_closes_a_dialog_and_goes_back_to_its_button(page)


def skips_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Skip to content"
    assert page.evaluate(RING)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert page.evaluate(RING)


def stays_where_it_is_while_the_page_refreshes(page: Page) -> None:
    page.locator("#live a").first.focus()
    before = page.evaluate(FOCUSED)
    with page.expect_response("**/overview/live/"):
        pass
    page.wait_for_function(
        "before => document.activeElement.closest('#live') && "
        "document.activeElement.textContent.trim() === before",
        arg=before,
        timeout=5_000,
    )


def escape_closes_a_dialog_and_goes_back_to_its_button(page: Page) -> None:
    opener = page.locator("main [data-opens]").first
    opener.focus()
    page.keyboard.press("Enter")
    opened = page.locator("dialog[open]")
    opened.wait_for()
    page.keyboard.press("Escape")
    opened.wait_for(state="detached")
    assert page.evaluate("document.activeElement.hasAttribute('data-opens')")
