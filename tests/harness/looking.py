"""`Looker`: a real Chromium that opens pages of a console and tells what is wrong. No tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright, Request

from tests.harness.lively_console import LivelyConsole

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
THEMES = ("light", "dark")
WIDE, PHONE = 1440, 390

_LISTEN = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
_SETTLED = "document.fonts.ready.then(() => !document.querySelector('.htmx-request'))"
# Colours run from one theme to the other; two frames later all of them have arrived.
_PAINTED = """
new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
  .then(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)))
  .then(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50))))
"""
_SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Looker:
    """One window; it remembers what went wrong on the page that it shows."""

    def __init__(self, context: BrowserContext, console: LivelyConsole) -> None:
        self._console = console
        self._open = 0
        self.complaints: list[str] = []
        self.bytes = 0
        context.add_init_script(_LISTEN)
        self.page: Page = context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._asked)
        wire = context.new_cdp_session(self.page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        wire.on("Network.loadingFinished", self._arrived)

    def open(self, path: str) -> str:
        """Open a page as if for the first time, note what is wrong with it, return its HTML."""
        self.complaints, self.bytes = [], 0
        answer = self.page.goto(self._console.url + path, wait_until="load")
        assert answer is not None
        if answer.status != 200:
            self.complaints.append(f"answers {answer.status}")
        self.page.wait_for_function(_SETTLED)
        if self.page.evaluate(_SIDEWAYS):
            self.complaints.append("scrolls sideways")
        return answer.text()

    def show(self, theme: str, width: int = WIDE) -> None:
        """Look at the same page in another way."""
        self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.evaluate(_PAINTED)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._console.url, "data:", "blob:")):
            self.complaints.append(f"asks {request.url}")

    def _arrived(self, event: Any) -> None:
        self.bytes += int(event["encodedDataLength"])


@contextmanager
def looking(playwright: Playwright, console: LivelyConsole) -> Iterator[Looker]:
    """Open a window in which the console's admin is signed in, without motion."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    try:
        context = browser.new_context(reduced_motion="reduce")
        console.sign_in(context)
        yield Looker(context, console)
    finally:
        browser.close()
