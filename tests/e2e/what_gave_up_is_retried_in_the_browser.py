"""Events give up; a person sees them as one cause, opens one, and retries them all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bus_core import Event, Reject, connect
from tests.e2e.conftest import Product
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

TYPE, SERVICE = "beginMecaExport", "meca-exporter"


@pytest.mark.timeout(180)
def test_from_the_cause_to_the_last_one_handled(
    product_on_rabbitmq: Product, rabbit: Vhost, page: Page
) -> None:
    product, mended, handled = product_on_rabbitmq, [False], set()
    bus = connect(rabbit.amqp_url, service=SERVICE)
    with ThreadPoolExecutor(1) as pool:

        @bus.subscribe(TYPE)
        def export(event: Event) -> None:
            if not mended[0]:
                raise Reject(f"no room for article {event.payload['article']}")
            handled.add(event.payload["article"])

        def elsewhere(call: Callable[..., Any], *arguments: Any) -> None:
            # The browser's driver runs an event loop here, in which the bus refuses to block.
            pool.submit(call, *arguments).result(30)

        elsewhere(bus.start)
        product.sign_in(page)
        page.goto(f"{product.url}/dead-letters/")
        expect(page.get_by_text("Nothing gave up yet")).to_be_visible()
        events = [Event(TYPE, {"article": 64_000 + number}) for number in range(5)]
        elsewhere(bus.publish_many, events)

        # Five events, one cause, and the rail says so.
        link = page.get_by_role("link", name="no room for article …")

        def all_are_there() -> bool:
            page.goto(f"{product.url}/dead-letters/")
            return page.get_by_role("link", name="Dead letters 5").count() > 0

        wait_until(all_are_there, timeout=30, interval=0.5)
        expect(link).to_have_count(1)
        expect(page.locator("tbody td.number")).to_have_text("5")

        # One of them, with its error first, is discarded, and that is undone.
        link.click()
        page.locator("#list .table__link").first.click()
        expect(page.get_by_role("heading", name="Why it gave up")).to_be_visible()
        expect(page.get_by_text("no room for article 64004").first).to_be_visible()
        page.get_by_role("button", name="Discard").click()
        toast = page.locator("[data-toast]")
        expect(toast).to_contain_text("1 dead letter discarded.")
        toast.get_by_role("button", name="Undo").click()
        expect(page.locator("[data-toast]")).to_contain_text("1 dead letter waits again.")

        # All of the cause, one first, once the handler is mended.
        mended[0] = True
        page.goto(f"{product.url}/dead-letters/")
        link.click()
        page.get_by_role("button", name="Retry all").click()
        page.get_by_role("dialog").get_by_role("button", name="One first").click()
        page.wait_for_url("**/dead-letters/runs/**")
        handled_row = page.locator("#progress li", has_text="Handled")
        expect(handled_row.locator(".number").last).to_have_text("5", timeout=30_000)
        expect(page.get_by_text("5 of 5 sent")).to_be_visible()
        elsewhere(bus.close)

    assert handled == set(range(64_000, 64_005))
    page.get_by_role("link", name="Back to dead letters").click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()
