"""Pause: a running worker and a new one handle nothing, nothing is lost; resume: all arrive."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bus_core import Event, connect
from tests.e2e.conftest import Product, subscribe
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

T, S = "exportSuccessful", "crossref-exporter"
WORKER = "tests.harness.programs.worker"


@pytest.mark.timeout(180)
def test_nothing_is_handled_while_paused_and_everything_afterwards(
    product_on_rabbitmq: Product,
    rabbit: Vhost,
    page: Page,
    run_program: Callable[..., ManagedProcess],
    tmp_path: Path,
) -> None:
    product, handled = product_on_rabbitmq, tmp_path / "handled"
    handled.touch()

    def ids() -> list[str]:
        return handled.read_text().split()

    product.sign_in(page)
    subscribe(page, product, S, T)
    first = run_program(WORKER, rabbit.amqp_url, S, T, str(handled))
    workers = page.locator("#live")
    expect(workers.get_by_text("crossref-exporter").first).to_be_visible()

    # On a thread of its own: Playwright runs an event loop on this one, where publish refuses.
    with connect(rabbit.amqp_url, service="submission") as bus, ThreadPoolExecutor(1) as aside:
        aside.submit(bus.publish, Event(T, "before the pause")).result()
        wait_until(lambda: len(ids()) == 1, timeout=30, message=first.output_tail)

        page.get_by_role("button", name="Pause").click()
        expect(page.locator("#chips").get_by_text("Paused").first).to_be_visible(timeout=15_000)
        first.wait_for_line(r"paused", timeout=30)
        second = run_program(WORKER, rabbit.amqp_url, S, T, str(handled))
        second.wait_for_line(r"paused", timeout=30)
        held = [Event(T, number) for number in range(50)]
        aside.submit(bus.publish_many, held).result()
        expect(workers.get_by_text("50", exact=True).first).to_be_visible(timeout=30_000)
        assert len(ids()) == 1

        page.get_by_role("button", name="Resume").click()
        wait_until(lambda: len(ids()) == 51, timeout=30, message=first.output_tail)
    assert set(ids()) >= {event.id for event in held}
    assert first.terminate() == 0
    assert second.terminate() == 0
