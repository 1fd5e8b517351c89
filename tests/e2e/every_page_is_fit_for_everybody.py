"""In a real Chromium, in light and dark, every page keeps what we promise for all of them.

Nobody is kept out (axe finds nothing serious), nothing is written inline or comes from elsewhere,
the policy holds, no script fails, and a first visit loads little. The pages come from the URL
configuration, so that a new one is looked at as soon as it is there.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Playwright

from tests.harness.console_pages import pages_of
from tests.harness.lively_console import LivelyConsole
from tests.harness.looking import Looker, looking

MOST_BYTES = 250_000
GRAVE = {"serious", "critical"}
INLINE = re.compile(r"<style\b|\sstyle=|<script(?![^>]*\bsrc=)|\son[a-z]+=", re.IGNORECASE)
# The search is the same on every page and has a test of its own.
DIALOGS = "dialog[id]:not([open]):not(#drawer):not(#search)"
# Style sheets need not be loaded again for what is asked.
AXE: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
COLOURS: dict[str, Any] = {**AXE, "runOnly": ["color-contrast"]}


@pytest.mark.timeout(240)
def test_every_page(tmp_path: Path, playwright: Playwright) -> None:
    wrong: dict[str, list[str]] = {}
    sizes: dict[str, int] = {}
    with LivelyConsole(tmp_path) as console, looking(playwright, console) as looker:
        console.fill()
        for one in pages_of(console):
            if one.fragment:
                continue
            looker.show("light")
            html = looker.open(one.path)
            sizes[one.path] = looker.bytes
            found = [*looker.complaints, *inline(html), *_axe(looker, AXE, "light")]
            found += _dialogs(looker)
            looker.show("dark")
            found += _axe(looker, COLOURS, "dark")
            if sizes[one.path] > MOST_BYTES:
                found.append(f"loads {sizes[one.path]:,} bytes")
            if found:
                wrong[one.path] = found
    largest = max(sizes, key=lambda path: sizes[path])
    print(f"{len(sizes)} pages; the largest is {largest} with {sizes[largest]:,} bytes")
    assert not wrong, "\n".join(f"{path}: {each}" for path, all_ in wrong.items() for each in all_)


def inline(html: str) -> list[str]:
    """Return what the page writes into its own HTML that the policy forbids."""
    return [f"inline: {html[found.start() :][:60]!r}" for found in INLINE.finditer(html)]


def _dialogs(looker: Looker) -> list[str]:
    """Look into what opens: dialogs one by one, menus and folded parts at once."""
    page, found = looker.page, list[str]()
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.evaluate("document.querySelector('#usermenu')?.showPopover()")
    found += _axe(looker, COLOURS, "opened")
    page.evaluate("document.querySelector('#usermenu')?.hidePopover()")
    for number in page.eval_on_selector_all(DIALOGS, "all => all.map((one) => one.id)"):
        page.evaluate("id => document.getElementById(id).showModal()", number)
        found += _axe(looker, AXE, f"dialog {number}", f"#{number}")
        page.keyboard.press("Escape")
        if page.evaluate("id => document.getElementById(id).open", number):
            found.append(f"dialog {number} stays open after Escape")
    return found


def _axe(looker: Looker, options: dict[str, Any], what: str, context: str = "") -> list[str]:
    results = Axe().run(looker.page, context=context or None, options=options)
    return [
        f"axe ({what}): {one['id']}: {one['nodes'][0]['html'][:160]} ({len(one['nodes'])})"
        for one in results.response["violations"]
        if one["impact"] in GRAVE
    ]
