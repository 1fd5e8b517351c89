"""``python -m tests.harness.screenshots``: every page of the console as people see it.

It starts the product with something on every page, and writes each page in light and dark, wide
and on a phone. It fails when a page does not answer, scrolls sideways or logs an error.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.harness.lively_console import ROOT, LivelyConsole
from tests.harness.looking import PHONE, THEMES, WIDE, Looker, looking

# The pictures of README.md.
README = {
    "overview": ("/", "light"),
    "subscription": ("/subscriptions/exportRequested/export-manager/", "light"),
    "feed": ("/feed/", "dark"),
    "drift": ("/drift/", "light"),
}


def main() -> int:
    """Write what the command line asks for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eventbus_admin.settings")
    import django

    django.setup()
    asked = _arguments()
    with (
        tempfile.TemporaryDirectory() as folder,
        LivelyConsole(Path(folder)) as console,
        sync_playwright() as playwright,
        looking(playwright, console) as looker,
    ):
        console.fill()
        if asked.readme:
            return _write_readme(looker)
        return _write_all(looker, console, asked)


def _write_all(looker: Looker, console: LivelyConsole, asked: argparse.Namespace) -> int:
    from tests.harness.console_pages import pages_of

    asked.folder.mkdir(parents=True, exist_ok=True)
    wrong = 0
    for one in pages_of(console):
        if one.fragment or (asked.pages and one.name not in asked.pages):
            continue
        complaints = []
        for width in (WIDE, PHONE):
            looker.show("light", width)
            looker.open(one.path)
            complaints += looker.complaints
            for theme in THEMES:
                looker.show(theme, width)
                file = asked.folder / f"{one.name}-{theme}-{width}.png"
                looker.page.screenshot(path=file, full_page=asked.whole)
        print(f"{one.name:24} {one.path}", *complaints, sep="  ", flush=True)
        wrong += bool(complaints)
    print(f"Written to {asked.folder}; pages with something wrong: {wrong}.")
    return 1 if wrong else 0


def _write_readme(looker: Looker) -> int:
    folder = ROOT / "docs" / "images"
    folder.mkdir(exist_ok=True)
    for name, (path, theme) in README.items():
        looker.show(theme, 1280)
        looker.open(path)
        looker.page.wait_for_timeout(1000)  # the feed writes what the journal kept
        looker.page.screenshot(path=folder / f"{name}.png")
        print(f"docs/images/{name}.png")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.harness.screenshots")
    add = parser.add_argument
    add("pages", nargs="*", metavar="PAGE", help="names of the URL configuration (default: all)")
    add("--folder", type=Path, default=ROOT / "build" / "screenshots", help="where to write them")
    add("--whole", action="store_true", help="pages to their end, not to that of the window")
    add("--readme", action="store_true", help="write the four of README.md into docs/images")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
