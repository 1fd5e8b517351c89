"""What the library makes on RabbitMQ is what `bus_core.topology` says, and nothing else."""

import logging
from typing import Any

import pytest

from bus_core import Event, RetryPolicy, connect
from bus_core.topology import (
    Binding,
    QueueKind,
    Topology,
    bus_topology,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)
from tests.harness.poll import wait_until
from tests.harness.vhosts import Vhost

DELAYS = (1_000, 60_000)


def expected() -> Topology:
    """A bus of one service with a subscription of each kind, and a type that it publishes."""
    return merge(
        (
            bus_topology(),
            event_type_topology("exportSuccessful"),
            service_topology("meca-exporter", DELAYS),
            *(event_type_topology(f"{kind}Event") for kind in QueueKind),
            *(subscription_topology(f"{kind}Event", "meca-exporter", kind) for kind in QueueKind),
        )
    )


def exchanges(rabbit: Vhost) -> dict[str, Any]:
    return {
        one["name"]: (one["type"], one["durable"], one["auto_delete"], one["arguments"])
        for one in rabbit.api("GET", "exchanges/{vhost}")
        if one["name"] and not one["name"].startswith("amq.")
    }


def queues(rabbit: Vhost) -> dict[str, Any]:
    return {
        one["name"]: (
            one["durable"],
            one["auto_delete"],
            one["exclusive"],
            {"x-queue-type": "classic", **one["arguments"]},
        )
        for one in rabbit.api("GET", "queues/{vhost}")
    }


def bindings(rabbit: Vhost) -> set[Binding]:
    return {
        Binding(source=one["source"], queue=one["destination"], routing_key=one["routing_key"])
        for one in rabbit.api("GET", "bindings/{vhost}")
        if one["source"]
    }


def test_it_makes_exactly_what_it_needs(rabbit: Vhost) -> None:
    with connect(rabbit.amqp_url, service="meca-exporter") as bus:
        for kind in QueueKind:
            policy = RetryPolicy(delays_ms=DELAYS)
            bus.subscribe(f"{kind}Event", kind=kind, retry=policy)(lambda _event: None)
        bus.publish(Event("exportSuccessful"))
        bus.start()
        wanted = expected()
        wait_until(lambda: bindings(rabbit) == set(wanted.bindings))
        wait_until(lambda: "bus__reports" in exchanges(rabbit))
        assert exchanges(rabbit) == {
            one.name: (one.type, True, False, dict(one.arguments)) for one in wanted.exchanges
        }
        assert queues(rabbit) == {
            one.name: (True, False, False, {"x-queue-type": "classic", **one.arguments})
            for one in wanted.queues
        }
        # Policies are the admin's.
        assert rabbit.api("GET", "policies/{vhost}") == []


def test_publishing_alone_makes_the_event_exchange_alone(rabbit: Vhost) -> None:
    with connect(rabbit.amqp_url, service="submission") as bus:
        bus.publish(Event("exportRequested"))
    assert list(exchanges(rabbit)) == ["event__exportRequested"]
    assert queues(rabbit) == {}


def test_an_existing_queue_with_other_arguments_is_used_and_mentioned_once(
    rabbit: Vhost, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "bus_core")
    connection = rabbit.connect()
    # As Libero's TypeScript bus declares it.
    connection.channel().queue_declare("consumer__exportRequested__meca-exporter", durable=True)
    connection.close()
    handled: list[Any] = []
    heard = Binding(
        source="event__exportRequested", queue="consumer__exportRequested__meca-exporter"
    )
    for payload in (1, 2):
        with connect(rabbit.amqp_url, service="meca-exporter") as bus:
            bus.subscribe("exportRequested")(lambda event: handled.append(event.payload))
            bus.start()
            wait_until(lambda: heard in bindings(rabbit))
            bus.publish(Event("exportRequested", payload))
            wait_until(lambda payload=payload: payload in handled)
    assert handled == [1, 2]
    told = [one for one in caplog.messages if "is used as it is" in one]
    assert len(told) == 2  # once by each of the two buses
    assert all("consumer__exportRequested__meca-exporter" in one for one in told)
