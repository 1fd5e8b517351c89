"""From Overview in few clicks: why an event did not reach a service, and the way out of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from bus_core import Event, Reject, connect
from tests.e2e.conftest import Product
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

TYPE, SERVICE = "beginMecaExport", "meca-exporter"


@pytest.mark.timeout(180)
def test_from_overview_to_the_dead_letter(
    product_on_rabbitmq: Product, rabbit: Vhost, page: Page
) -> None:
    product = product_on_rabbitmq
    bus = connect(rabbit.amqp_url, service=SERVICE)
    event = Event(TYPE, {"article": 64_000})
    with ThreadPoolExecutor(1) as pool:

        @bus.subscribe(TYPE)
        def export(_event: Event) -> None:
            raise Reject("no room for the article")

        def elsewhere(call: Callable[..., object], *arguments: object) -> None:
            # The browser's driver runs an event loop here, in which the bus refuses to block.
            pool.submit(call, *arguments).result(30)

        elsewhere(bus.start)
        elsewhere(bus.publish, event)
        product.sign_in(page)

        def gave_up() -> bool:
            page.goto(f"{product.url}/why/?event={event.id}&service={SERVICE}")
            return page.locator("[data-verdict=dead]").count() > 0

        wait_until(gave_up, timeout=30, interval=0.5)

        # Overview, the subscription, the question: what the journal has is there to choose from.
        page.goto(product.url)
        page.get_by_role("link", name="Subscriptions").first.click()
        page.get_by_role("link", name=SERVICE).first.click()
        page.get_by_role("link", name="Why not?").click()
        page.get_by_role("link", name=event.id).click()

        verdict = page.locator("[data-verdict=dead]")
        expect(verdict).to_contain_text(f"{event.id} reached {SERVICE}")
        expect(verdict).to_contain_text("no room for the article")
        expect(page.locator("[data-opened]")).to_have_count(1)
        page.get_by_role("link", name="Open the dead letter").click()
        expect(page.get_by_role("heading", name="Why it gave up")).to_be_visible()
        elsewhere(bus.close)
