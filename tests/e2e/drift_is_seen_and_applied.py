"""A queue and a binding deleted behind our back: the page shows it, applying restores it."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Product
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

QUEUE = "consumer__exportRequested__export-manager"


def _queues(rabbit: Vhost) -> set[str]:
    return {one["name"] for one in rabbit.api("GET", "queues/{vhost}")}


@pytest.mark.timeout(180)
def test_a_deleted_queue_is_shown_and_comes_back_when_applied(
    product_on_rabbitmq: Product, rabbit: Vhost, page: Page
) -> None:
    product = product_on_rabbitmq
    wait_until(lambda: QUEUE in _queues(rabbit), timeout=30)
    product.sign_in(page)
    page.goto(f"{product.url}/drift/")
    expect(page.get_by_text("No drift")).to_be_visible(timeout=30_000)

    rabbit.api("DELETE", f"queues/{{vhost}}/{QUEUE}")

    def shown() -> bool:
        page.goto(f"{product.url}/drift/")
        return page.get_by_text(QUEUE, exact=True).count() > 0

    wait_until(shown, timeout=30, interval=0.5)
    page.get_by_role("button", name="Apply all").click()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    wait_until(lambda: QUEUE in _queues(rabbit), timeout=30)

    def in_order() -> bool:
        page.goto(f"{product.url}/drift/")
        return page.get_by_text("No drift").count() > 0

    wait_until(in_order, timeout=30, interval=0.5)
    bindings = rabbit.api("GET", f"queues/{{vhost}}/{QUEUE}/bindings")
    assert {one["source"] for one in bindings} >= {
        "event__exportRequested",
        "service__export-manager",
    }
