"""A broker that lost everything gets it all back from the registry, without anybody asking."""

import re
import shutil
import signal
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests

import bus_core
from bus_core import Event
from tests.e2e.conftest import PASSWORD, Product
from tests.harness.poll import wait_until
from tests.harness.rabbitmq import RabbitNode
from tests.harness.vhosts import Vhost

EVERYTHING = {"configure": ".*", "write": ".*", "read": ".*"}
PASSING = re.compile(r"tap__|amq\.|amq_")


def sign_in(product: Product) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{product.url}/login/", timeout=20).text
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    form = {"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token}
    session.post(f"{product.url}/login/", form, timeout=20)
    return session


def post(product: Product, session: requests.Session, path: str, body: Any = None) -> None:
    token = {"X-CSRFToken": str(session.cookies["csrftoken"])}
    url = f"{product.url}/api/v1/{path}"
    session.post(url, json=body, headers=token, timeout=20).raise_for_status()


def status(product: Product, session: requests.Session) -> Any:
    return session.get(f"{product.url}/api/v1/status/", timeout=20).json()


def in_order(product: Product, session: requests.Session) -> bool:
    now = status(product, session)
    applied = now["applied_revision"] == now["registry_revision"]
    # What a worker made by its code's defaults is not the registry's, and disturbs nobody.
    nothing_lacks = set(now["drift"]) <= {"in_sync", "unmanaged"}
    return bool(now["broker"]["reachable"] and nothing_lacks and applied)


def wait_in_order(product: Product, session: requests.Session) -> None:
    """Wait, not more often than the REST API may be asked."""
    wait_until(
        lambda: in_order(product, session),
        timeout=60,
        interval=0.2,
        message=lambda: f"{status(product, session)}\n{product.process.output_tail()}",
    )


def on_the_broker(rabbit: Vhost) -> dict[str, set[str]]:
    """Everything there, as text."""
    found: dict[str, set[str]] = {}
    for kind in ("exchanges", "queues", "policies", "bindings"):
        rows = rabbit.api("GET", f"{kind}/{{vhost}}")
        fields = ("name", "type", "arguments", "pattern", "definition", "source", "destination")
        found[kind] = {
            str({name: row.get(name) for name in fields})
            for row in rows
            if not PASSING.match(row.get("destination") or row.get("name") or "amq_default")
        }
    permissions = rabbit.api("GET", "vhosts/{vhost}/permissions")
    found["permissions"] = {str(sorted(one.items())) for one in permissions}
    found["users"] = {
        f"{one['name']} {one['password_hash']}"
        for one in rabbit.api("GET", "users")
        if one["name"].endswith(f"@{rabbit.vhost}")
    }
    return found


def is_handled(rabbit: Vhost, within: float = 20) -> bool:
    """Whether a worker of meca-exporter gets what is published now."""
    handled: set[str] = set()
    event = Event("beginMecaExport", {})
    with bus_core.connect(rabbit.amqp_url, service="meca-exporter") as bus:
        bus.subscribe("beginMecaExport")(lambda one: handled.add(one.id))
        bus.start(wait=within)
        bus.publish(event)
        wait_until(lambda: event.id in handled, timeout=within)
    return True


@pytest.mark.timeout(180)
def test_what_the_registry_asks_for_is_there_again(
    product_on_rabbitmq: Product, rabbit: Vhost
) -> None:
    product = product_on_rabbitmq
    session = sign_in(product)
    post(product, session, "services/crossref-exporter/credentials/", {})
    wait_in_order(product, session)
    before = on_the_broker(rabbit)
    assert len(before["users"]) == 1
    assert len(before["queues"]) > 10
    assert is_handled(rabbit)

    # Everything goes, also who may sign in: what a lost disk would take.
    for user in before["users"]:
        rabbit.api("DELETE", f"users/{quote(user.split()[0], safe='')}")
    rabbit.api("DELETE", "vhosts/{vhost}")
    wait_until(lambda: not status(product, session)["broker"]["reachable"], timeout=30)
    # All of its connections were told that there is no such place.
    for client in ("directives, publishing", "feed, consuming"):
        product.process.wait_for_line(f"{client}: no connection .*refused this user")
    rabbit.api("PUT", "vhosts/{vhost}", {})
    rabbit.api("PUT", "permissions/{vhost}/guest", EVERYTHING)
    began = time.monotonic()

    wait_in_order(product, session)
    print(f"made anew in {time.monotonic() - began:.1f} s")
    assert on_the_broker(rabbit) == before
    runs = session.get(f"{product.url}/api/v1/runs/", timeout=20).json()["results"]
    assert {one["requested_by"] for one in runs} == {None}

    # And it is in use again: events reach workers and the feed, directives reach workers.
    assert is_handled(rabbit)
    wait_until(lambda: _is_seen(product, session, rabbit), timeout=60, interval=1)
    print(f"in the feed again after {time.monotonic() - began:.1f} s")
    stopped = _worker_that_stops(rabbit)
    post(product, session, "subscriptions/beginMecaExport/meca-exporter/pause/")
    stopped(timeout=60)
    print(f"a pause reached its worker; {time.monotonic() - began:.1f} s in all")


def _is_seen(product: Product, session: requests.Session, rabbit: Vhost) -> bool:
    """Whether an event published now comes into the journal soon."""
    event = Event("exportRequested", {})
    with bus_core.connect(rabbit.amqp_url, service="submission") as bus:
        bus.publish(event)
    url = f"{product.url}/api/v1/events/{event.id}/"
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        if session.get(url, timeout=20).status_code == 200:
            return True
    return False


def _worker_that_stops(rabbit: Vhost) -> Callable[..., None]:
    """Start a worker; returns what waits until the broker has no consumer of it any more."""
    bus = bus_core.connect(rabbit.amqp_url, service="meca-exporter")
    bus.subscribe("beginMecaExport")(lambda _event: None)
    bus.start(wait=20)

    def consumers() -> int:
        rows = rabbit.api("GET", "consumers/{vhost}")
        return sum(one["queue"]["name"].startswith("consumer__beginMeca") for one in rows)

    def stopped(timeout: float) -> None:
        try:
            wait_until(lambda: consumers() == 0, timeout=timeout, interval=0.2)
        finally:
            bus.close(grace=1)

    wait_until(lambda: consumers() == 1, timeout=20, interval=0.2)
    return stopped


@pytest.mark.long
@pytest.mark.timeout(180)
def test_a_lost_disk_is_no_drift_although_workers_are_there_first(
    start_product: Callable[..., Product], own_rabbit_node: RabbitNode
) -> None:
    node = own_rabbit_node
    settings = {
        "EVENTBUS_BACKEND": "rabbitmq",
        "EVENTBUS_AMQP_URL": node.amqp_url,
        "EVENTBUS_MANAGEMENT_URL": node.management_url,
    }
    product = start_product(registry_of_the_story=True, **settings)
    session = sign_in(product)
    wait_in_order(product, session)
    before = {one["name"] for one in node.api("GET", "queues")}
    wanted = {name for name in before if not PASSING.match(name)}
    assert len(wanted) > 10

    handled: set[str] = set()
    with bus_core.connect(node.amqp_url, service="meca-exporter") as bus:
        bus.subscribe("beginMecaExport")(lambda one: handled.add(one.id))
        bus.start(wait=20)
        node.shut_down()
        assert node.folder is not None
        shutil.rmtree(node.folder / "mnesia")
        # The worker comes back before the admin has looked: it makes what it needs itself.
        product.process.send_signal(signal.SIGSTOP)
        try:
            node.start()
            mine = "consumer__beginMecaExport__meca-exporter"
            # While objects are being made, RabbitMQ may fail to list them.
            wait_until(
                lambda: mine in {one["name"] for one in node.api("GET", "queues")},
                timeout=30,
                ignoring=requests.HTTPError,
            )
        finally:
            product.process.send_signal(signal.SIGCONT)
        began = time.monotonic()
        wait_in_order(product, session)
        print(f"made anew in {time.monotonic() - began:.1f} s, the worker being there first")

        assert wanted <= {one["name"] for one in node.api("GET", "queues")}
        runs = session.get(f"{product.url}/api/v1/runs/", timeout=20).json()["results"]
        assert {one["requested_by"] for one in runs} == {None}
        event = Event("beginMecaExport", {})
        bus.publish(event)
        wait_until(lambda: event.id in handled, timeout=20)
