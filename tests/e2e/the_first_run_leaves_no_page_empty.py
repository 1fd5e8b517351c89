"""After the first start every page has something to show: nobody begins at an empty place."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Error, Page

from tests.e2e.conftest import Product
from tests.harness.poll import wait_until

# A broker that is as the registry says is good news, not an empty page.
GOOD_NEWS = {"No drift"}
# The page on the registry as code has nothing but its two ways: out and in.
CONTENT = (
    "main :is(tbody tr, .rows > li, .timeline__item, .tally, .feed__item, .node, input[type=file])"
)


@pytest.mark.timeout(240)
def test_every_page_of_the_rail_shows_something(
    start_product: Callable[..., Product], page: Page
) -> None:
    product = start_product()
    product.sign_in(page)
    links = page.locator("#rail .rail__link").all()
    paths = [*(str(link.get_attribute("href")) for link in links), "/tokens/"]
    assert len(paths) > 8

    for path in paths:

        def shows_something(path: str = path) -> bool:
            page.goto(product.url + path)
            page.locator(CONTENT).first.wait_for(timeout=10_000)
            return empty_places(page) == []

        wait_until(
            shows_something,
            timeout=60,
            interval=1,
            ignoring=Error,
            message=lambda path=path: f"{path} is empty: {empty_places(page)}",
        )


@pytest.mark.timeout(240)
def test_the_story_has_something_of_every_sort(
    start_product: Callable[..., Product], page: Page
) -> None:
    product = start_product()
    product.sign_in(page)

    def shows(path: str, text: str) -> None:
        def there() -> bool:
            page.goto(product.url + path)
            return text in page.locator("main").inner_text()

        wait_until(there, timeout=60, interval=1, message=lambda: f"{path} does not say {text}")

    shows("/integrators/", "datacite-exporter")
    shows("/subscriptions/?state=paused", "statistics")
    shows("/audit/", "paused")
    shows("/tokens/", "crossref-exporter")
    # One journal of the story fails every time.
    shows("/", "gave up")


def empty_places(page: Page) -> list[str]:
    """Return what the empty places say that one sees now."""
    shown = [place for place in page.locator("main .empty").all() if place.is_visible()]
    return [
        title for place in shown if (title := place.locator("h3").inner_text()) not in GOOD_NEWS
    ]
