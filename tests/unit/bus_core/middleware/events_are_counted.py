"""`Metrics`: what Prometheus sees of events."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bus_core import BusClosed, Event, EventBus, PublishTimeout, Reject, RetryPolicy
from bus_core.message import Message
from bus_core.middleware import Publication
from bus_core.middleware import metrics as metrics_module
from bus_core.middleware.metrics import Metrics
from bus_core.topology import event_exchange
from tests.harness.poll import wait_until

SOON = RetryPolicy(attempts=3, delays_ms=(10,))
SERVICE = "meca-exporter"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def read(registry: CollectorRegistry) -> Callable[..., float | None]:
    """Return a function that reads a sample of `asked` at this service."""

    def read(name: str, event_type: str = "asked", **labels: str) -> float | None:
        return registry.get_sample_value(
            name, {"event_type": event_type, "service": SERVICE, **labels}
        )

    return read


def test_events_are_counted_by_what_became_of_them(
    listen: Callable[..., EventBus], registry: CollectorRegistry, read: Any
) -> None:
    def handler(event: Event) -> bool:
        if event.payload == "reject":
            raise Reject("no")
        return bool(event.payload != "fail")

    bus = listen(handler, Metrics(registry), retry=SOON)
    bus.publish_many([Event("asked", payload) for payload in ("well", "well", "fail", "reject")])
    wait_until(lambda: read("bus_core_handled_total", outcome="dead") == 2)
    assert read("bus_core_handled_total", outcome="handled") == 2
    assert read("bus_core_handled_total", outcome="retried") == 2
    assert read("bus_core_published_total", outcome="published") == 4
    assert read("bus_core_publish_seconds_count") == 4
    assert read("bus_core_handle_seconds_count") == 6
    assert 0 < read("bus_core_handle_seconds_sum") < 10
    assert 0 < read("bus_core_publish_seconds_sum") < 10


def test_events_that_did_not_go_out_are_counted_apart(
    open_bus: Callable[..., EventBus], registry: CollectorRegistry, read: Any
) -> None:
    metrics = Metrics(registry)
    bus = open_bus(metrics)
    bus.link.close()
    with pytest.raises(BusClosed):
        bus.publish(Event("asked"))
    unknown = Publication(event=Event("asked"), service=SERVICE)
    metrics.published(unknown, PublishTimeout("no confirm in time"), 30.0)
    assert read("bus_core_published_total", outcome="failed") == 1
    assert read("bus_core_published_total", outcome="unknown") == 1
    assert read("bus_core_publish_seconds_count") is None


def test_a_gauge_shows_how_many_handlers_run_now(
    listen: Callable[..., EventBus], registry: CollectorRegistry, read: Any
) -> None:
    running: list[float | None] = []

    def look(_event: Event) -> None:
        running.append(read("bus_core_handling"))
        raise ValueError("broken")

    bus = listen(look, Metrics(registry), retry=RetryPolicy(attempts=1))
    bus.publish(Event("asked"))
    wait_until(lambda: read("bus_core_handled_total", outcome="dead") == 1)
    assert running == [1]
    assert read("bus_core_handling") == 0


def test_one_serves_all_buses_of_a_process(
    open_bus: Callable[..., EventBus], registry: CollectorRegistry
) -> None:
    metrics = Metrics(registry)
    for service in ("submission", "export-manager"):
        open_bus(metrics, service=service).publish(Event("asked"))
    exposed = generate_latest(registry).decode()
    for service in ("submission", "export-manager"):
        labels = f'event_type="asked",outcome="published",service="{service}"'
        assert f"bus_core_published_total{{{labels}}} 1.0" in exposed


def test_made_up_types_share_a_label_when_there_are_too_many(
    open_bus: Callable[..., EventBus],
    registry: CollectorRegistry,
    read: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metrics_module, "TYPES", 3)
    bus = open_bus(Metrics(registry))
    bus.publish_many(Event(f"type{number}") for number in range(10))
    bus.publish(Event("type0"))
    assert read("bus_core_published_total", "type0", outcome="published") == 2
    assert read("bus_core_published_total", "other", outcome="published") == 7
    assert read("bus_core_published_total", "type3", outcome="published") is None


def test_what_a_message_says_of_its_type_is_no_label(
    listen: Callable[..., EventBus], registry: CollectorRegistry, read: Any
) -> None:
    bus = listen(lambda _event: None, Metrics(registry))
    body = json.dumps({"event": {"id": "1", "eventType": "somethingElse", "payload": None}})
    bus.link.publish(event_exchange("asked"), "", Message(body=body.encode()))
    wait_until(lambda: read("bus_core_handled_total", outcome="handled") == 1)
    assert b"somethingElse" not in generate_latest(registry)
