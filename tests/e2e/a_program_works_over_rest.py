"""The REST API of a running product: the page that documents it, and a program that uses it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Product
from tests.harness.poll import wait_until

MAKE_TOKEN = """async () => {
  const csrf = document.cookie.match(/csrftoken=([^;]+)/)[1];
  const answer = await fetch("/api/v1/tokens/", {
    method: "POST",
    headers: {"Content-Type": "application/json", "X-CSRFToken": csrf},
    body: JSON.stringify({name: "a program", scopes: ["read", "write", "test"]}),
  });
  return (await answer.json()).token;
}"""


@pytest.fixture
def product(start_product: Callable[..., Product]) -> Product:
    """The product on its embedded broker, without the example."""
    return start_product(EVENTBUS_EXAMPLES="0", registry_of_the_story=True)


def test_the_page_shows_the_document_under_the_strict_policy(product: Product, page: Page) -> None:
    # Given everything that the browser complains about
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    product.sign_in(page)

    # When
    page.goto(f"{product.url}/api/v1/docs/")
    page.get_by_text("Read the status").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()

    # Then it answers, nothing was refused, and nothing came from elsewhere
    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    assert said == []
    assert [url for url in asked if not url.startswith((product.url, "data:", "blob:"))] == []


@pytest.mark.timeout(180)
def test_from_a_token_to_a_test_event(product: Product, page: Page) -> None:
    # Given a token, made by a person who signed in
    product.sign_in(page)
    page.goto(f"{product.url}/api/v1/docs/")
    token = page.evaluate(MAKE_TOKEN)
    base = f"{product.url}/api/v1"

    def call(method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            method,
            f"{base}/{path}",
            json=body,
            headers={"Authorization": f"Token {token}", **named},
            timeout=30,
        )

    # When eight of the same request come at once, then one service is created and all are told
    new = {"name": "audit-log", "owner": "Exports"}
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda _: call("POST", "services/", new, Idempotency_Key="k1"), range(8))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert [answer.json() for answer in answers] == [answers[0].json()] * 8
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 7

    # When it subscribes, then that arrives on the broker
    pair = {"event_type": "exportRequested", "service": "audit-log"}
    assert call("POST", "subscriptions/", pair).status_code == 201
    path = "subscriptions/exportRequested/audit-log/"
    wait_until(lambda: call("GET", path).json()["sync"] == "in_sync", timeout=15)

    # And a test event waits in its queue, as the worker sees
    sent = {"to": "audit-log", "payload": {"journal": "elife"}}
    assert call("POST", "event-types/exportRequested/test-event/", sent).status_code == 202
    wait_until(lambda: call("GET", path).json()["messages_ready"] == 1, timeout=15)
