"""From the form to the broker, and from a publisher's process back to the browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bus_core.topology import subscription_topology
from tests.e2e.conftest import Product, subscribe
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

T, S = "exportSuccessful", "meca-exporter"


@pytest.mark.timeout(180)
def test_it_is_on_the_broker_it_receives_and_the_feed_shows_the_event(
    product_on_rabbitmq: Product,
    rabbit: Vhost,
    page: Page,
    run_program: Callable[..., ManagedProcess],
) -> None:
    product = product_on_rabbitmq
    product.sign_in(page)
    subscribe(page, product, S, T)
    expect(page.locator("#chips").get_by_text("Live on the broker")).to_be_visible(timeout=10_000)

    expected = subscription_topology(T, S)
    (queue,) = expected.queues
    found = rabbit.api("GET", f"queues/{{vhost}}/{queue.name}")
    assert found["durable"] is True
    assert {name: found["arguments"].get(name) for name in queue.arguments} == queue.arguments
    bindings = rabbit.api("GET", f"queues/{{vhost}}/{queue.name}/bindings")
    assert {(one["source"], one["routing_key"]) for one in bindings if one["source"]} == {
        (one.source, one.routing_key) for one in expected.bindings
    }

    page.goto(f"{product.url}/feed/?type={T}")
    expect(page.locator("#meter-word")).to_have_text("live", timeout=15_000)
    publisher = run_program(
        "bus_core.cli", "publish", T, '{"journal": "seen-in-the-browser"}', "--url", rabbit.amqp_url
    )
    assert publisher.wait() == 0
    event_id = publisher.output.strip()

    row = page.locator("#feed-rows").get_by_text("seen-in-the-browser").first
    expect(row).to_be_visible(timeout=15_000)
    row.click()
    expect(page.locator("#feed-rows").get_by_text(event_id).first).to_be_visible()

    def received() -> bool:
        messages = rabbit.api(
            "POST",
            f"queues/{{vhost}}/{queue.name}/get",
            {"count": 5, "ackmode": "ack_requeue_true", "encoding": "auto"},
        )
        return any(event_id in one["payload"] for one in messages)

    wait_until(received, timeout=15)
