"""A queue and a binding deleted behind our back: the page shows it, applying restores it."""

import pytest
from playwright.sync_api import Page, expect

from bus_core.connecting import open_link
from bus_core.topology import event_type_topology, service_topology, subscription_topology
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


@pytest.mark.timeout(180)
def test_one_step_is_chosen_by_keyboard_and_a_stranger_adopted(
    product_on_rabbitmq: Product, rabbit: Vhost, page: Page
) -> None:
    product = product_on_rabbitmq
    wait_until(lambda: QUEUE in _queues(rabbit), timeout=30)
    product.sign_in(page)
    page.goto(f"{product.url}/drift/")
    expect(page.get_by_text("No drift")).to_be_visible(timeout=30_000)
    other = "consumer__beginMecaExport__meca-exporter"
    for queue in (QUEUE, other):
        rabbit.api("DELETE", f"queues/{{vhost}}/{queue}")
    link = open_link(rabbit.amqp_url, client_name="stranger")
    link.declare(event_type_topology("orderPlaced") + service_topology("stranger"))
    link.declare(subscription_topology("orderPlaced", "stranger"))
    link.close()

    def shown(*names: str) -> bool:
        page.goto(f"{product.url}/drift/")
        return all(page.get_by_text(name, exact=True).count() for name in names)

    # Space ticks, the button beside the list opens what it means.
    wait_until(lambda: shown(QUEUE, other, "stranger"), timeout=30, interval=0.5)
    page.get_by_label(f"Choose queue {QUEUE}").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("1 chosen")).to_be_visible()
    page.get_by_role("button", name="Fix chosen").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Apply 1 step?")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    expect(page.get_by_text("1 of 1 done")).to_be_visible(timeout=30_000)
    assert QUEUE in _queues(rabbit)
    assert other not in _queues(rabbit), "nobody chose it"

    wait_until(lambda: shown(other, "stranger"), timeout=30, interval=0.5)
    page.locator("#unknown-services").get_by_role("button", name="Adopt").click()
    expect(
        page.get_by_role("heading", name="Adopt 1 service, 1 event type, 1 subscription?")
    ).to_be_visible()
    page.get_by_label("Team").select_option(index=1)
    page.get_by_role("dialog").get_by_role("button", name="Adopt").click()
    expect(page.get_by_text("Adopted: 1 service, 1 event type")).to_be_visible()

    def in_order() -> bool:
        page.goto(f"{product.url}/drift/?service=stranger")
        return page.get_by_text("Nothing in this state").count() > 0

    wait_until(in_order, timeout=30, interval=0.5)
