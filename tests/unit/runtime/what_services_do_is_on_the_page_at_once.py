"""Through everything: services on RabbitMQ, the server beside them, and a page of the feed.

Nobody registered these services: what they do is seen all the same.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from websockets.sync.client import ClientConnection, connect

import bus_core
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.vhosts import Vhost

PASSWORD = "correct-horse-battery"


def sign_in(address: str) -> str:
    """Return the cookie of the admin, signed in."""
    session = requests.Session()
    page = session.get(f"{address}login/", timeout=10)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token
    fields = {"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    session.post(f"{address}login/", fields, timeout=10)
    return "; ".join(f"{one.name}={one.value}" for one in session.cookies)


def next_frame(page: ClientConnection, kind: str) -> dict[str, Any]:
    """Return the next frame of this kind."""
    while True:
        frame: dict[str, Any] = json.loads(page.recv(timeout=20))
        if frame["kind"] == kind:
            return frame


@pytest.fixture
def server(manage: Callable[..., ManagedProcess], rabbit: Vhost) -> Iterator[str]:
    """The address of a server beside this test's broker, ready."""
    process = manage(
        "serve",
        EVENTBUS_BACKEND="rabbitmq",
        EVENTBUS_AMQP_URL=rabbit.amqp_url,
        EVENTBUS_MANAGEMENT_URL=rabbit.management_url,
        EVENTBUS_ADMIN_PASSWORD=PASSWORD,
    )
    address = process.wait_for_line(r"Open (http://\S+/)", timeout=60)[1]
    wait_until(
        lambda: requests.get(f"{address}readyz", timeout=10).ok,
        timeout=60,
        message=lambda: requests.get(f"{address}readyz", timeout=10).text + process.output_tail(),
    )
    yield address
    assert process.terminate(timeout=15) == 0, process.output_tail()


def test_an_event_and_what_becomes_of_it(server: str, rabbit: Vhost) -> None:
    handled: list[str] = []
    page = connect(
        f"{server.replace('http', 'ws', 1)}ws/feed/?type=exportRequested",
        origin=server.rstrip("/"),  # type: ignore[arg-type]
        additional_headers={"Cookie": sign_in(server)},
    )
    with (
        page,
        bus_core.connect(rabbit.amqp_url, service="submission") as submission,
        bus_core.connect(rabbit.amqp_url, service="export-manager") as manager,
    ):
        assert next_frame(page, "hello")["history"] == []
        manager.subscribe("exportRequested")(lambda event: handled.append(event.id))
        manager.start()

        def tapped() -> bool:
            bound = [
                rabbit.api("GET", f"exchanges/{{vhost}}/{exchange}/bindings/source")
                for exchange in ("event__exportRequested", "bus__reports")
            ]
            return all(
                any(one["destination"].startswith("tap__") for one in found) for found in bound
            )

        wait_until(tapped, timeout=30)
        event = bus_core.Event("exportRequested", {"journal": "elife"})
        submission.publish(event)

        row = next_frame(page, "events")["rows"][0]
        assert (row["id"], row["source"]) == (event.id, "submission")
        outcome = next_frame(page, "outcomes")["rows"][0]
        assert (outcome["event_id"], outcome["service"], outcome["outcome"]) == (
            event.id,
            "export-manager",
            "handled",
        )
    assert handled == [event.id]
