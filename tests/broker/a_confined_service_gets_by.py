"""An integrator's service: it may publish, consume, retry and give up, and declare nothing."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from bus_core import AccessRefused, Event, EventBus, Reject, RetryPolicy, connect
from bus_core.connecting import open_link
from bus_core.control import Directives, SubscriptionDirective
from bus_core.rights import confined_permissions
from bus_core.topology import (
    bus_topology,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

SERVICE, PASSWORD = "meca-exporter", "p-äß/%"
RIGHTS = confined_permissions(SERVICE, publishes=["Pub"], listens=["A.a", "B"])
SOON = RetryPolicy(attempts=3, delays_ms=(20,))


@pytest.fixture
def admin(rabbit: Vhost) -> Iterator[EventBus]:
    """Somebody who may do everything, and has declared what the service needs."""
    with connect(rabbit.amqp_url, service="admin") as bus:
        link = open_link(rabbit.amqp_url, client_name="admin")
        whole = merge(
            (
                bus_topology(),
                *(event_type_topology(name) for name in ("A.a", "B", "Pub")),
                service_topology(SERVICE, SOON.delays_ms),
                *(subscription_topology(name, SERVICE) for name in ("A.a", "B")),
            )
        )
        link.declare(whole)
        link.publish("", f"control__{SERVICE}", Directives().encode()).result(30)
        link.close()
        yield bus


@pytest.fixture
def confined(rabbit: Vhost, admin: EventBus) -> Iterator[EventBus]:
    user = f"confined-{rabbit.vhost}"
    rabbit.node.api("PUT", f"users/{user}", {"password": PASSWORD, "tags": ""})
    rabbit.api("PUT", f"permissions/{{vhost}}/{user}", asdict(RIGHTS))
    url = rabbit.amqp_url.replace("guest:guest", f"{user}:p-%C3%A4%C3%9F%2F%25")
    with connect(url, service=SERVICE, declare=False) as bus:
        yield bus
    rabbit.node.api("DELETE", f"users/{user}")


def publish(bus: EventBus, event_type: str, *payloads: Any) -> None:
    bus.publish_many([Event(event_type, payload) for payload in payloads])


def test_it_publishes_what_it_may(confined: EventBus) -> None:
    confined.publish(Event("Pub"))


@pytest.mark.parametrize("event_type", ["A.a", "unknown"])
def test_what_it_may_not_publish_is_refused_and_the_rest_goes_on(
    confined: EventBus, event_type: str
) -> None:
    for _ in range(2):
        with pytest.raises(AccessRefused):
            confined.publish(Event(event_type))
        confined.publish(Event("Pub"))


def test_it_handles_retries_and_gives_up(
    rabbit: Vhost, admin: EventBus, confined: EventBus
) -> None:
    handled: list[Any] = []

    @confined.subscribe("A.a", retry=SOON)
    def fail(event: Event) -> bool:
        handled.append(event.payload)
        return event.payload == "good"

    @confined.subscribe("B", retry=SOON)
    def reject(_event: Event) -> None:
        raise Reject("never")

    confined.start()
    publish(admin, "A.a", "bad", "good")
    publish(admin, "B", 1)
    wait_until(lambda: sorted(handled) == ["bad", "bad", "bad", "good"])
    connection = rabbit.connect()
    channel = connection.channel()
    reasons: list[str] = []

    def both() -> bool:
        method, properties, _body = channel.basic_get(f"dead__{SERVICE}", auto_ack=True)
        if method:
            reasons.append(properties.headers["bus-dead-reason"])
        return len(reasons) == 2

    wait_until(both)
    assert sorted(reasons) == ["attempts", "rejected"]
    connection.close()


def test_it_follows_directives(rabbit: Vhost, admin: EventBus, confined: EventBus) -> None:
    handled: list[Any] = []
    link = open_link(rabbit.amqp_url, client_name="admin")
    paused = Directives(subscriptions={"A.a": SubscriptionDirective(state="paused")})
    link.publish("", f"control__{SERVICE}", paused.encode()).result(30)
    for event_type in ("A.a", "B"):
        confined.subscribe(event_type, retry=SOON)(lambda event: handled.append(event.type))
    confined.start()
    publish(admin, "A.a", 1)
    publish(admin, "B", 1)
    wait_until(lambda: handled == ["B"])
    link.publish("", f"control__{SERVICE}", Directives().encode()).result(30)
    wait_until(lambda: handled == ["B", "A.a"])
    link.close()


def test_a_subscription_it_has_no_queue_for_does_not_hurt_the_others(
    admin: EventBus, confined: EventBus
) -> None:
    handled: list[Any] = []
    for event_type in ("NotMine", "B"):
        confined.subscribe(event_type, retry=SOON)(lambda event: handled.append(event.type))
    confined.start()
    publish(admin, "B", 1)
    wait_until(lambda: handled == ["B"])
    publish(admin, "B", 2)
    wait_until(lambda: handled == ["B", "B"])
