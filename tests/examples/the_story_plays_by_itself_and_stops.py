"""The story plays at any broker, waits for one that is away, and stops when told."""

import threading
import time

import pytest

from bus_core import BusError
from examples.libero import story
from tests.examples.conftest import Listener
from tests.harness.poll import wait_until
from tests.harness.ports import LOOPBACK, free_port
from tests.harness.vhosts import Vhost

STOP_SECONDS = 7.0


def test_everything_that_can_happen_happens_soon(url: str, listener: Listener) -> None:
    playing = story.start(url, pace_seconds=0.2)
    try:
        wait_until(
            lambda: (
                listener.reasons().keys() == {"meca-exporter", "export-manager"}
                and "flaky-journal" in listener.journals("exportSuccessful")
            ),
            timeout=30,
            message=lambda: f"given up: {listener.reasons()}",
        )
        assert all(listener.heard.values())
    finally:
        began = time.monotonic()
        playing.stop()
    assert time.monotonic() - began < STOP_SECONDS


def test_it_stops_quickly_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    playing = story.start("memory://", pace_seconds=0.01)
    wait_until(lambda: len(set(threading.enumerate()) - before) > 4)
    began = time.monotonic()
    playing.stop()
    assert time.monotonic() - began < STOP_SECONDS
    wait_until(lambda: not set(threading.enumerate()) - before)


def test_a_broker_that_is_away_does_not_hold_up_the_stop(caplog: pytest.LogCaptureFixture) -> None:
    playing = story.start(f"amqp://guest:guest@{LOOPBACK}:{free_port()}/", pace_seconds=0.01)
    wait_until(lambda: "submission, publishing: no connection" in caplog.text)
    began = time.monotonic()
    playing.stop()
    assert time.monotonic() - began < STOP_SECONDS


def test_it_begins_once_the_broker_takes_the_login(
    rabbit: Vhost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "AGAIN_SECONDS", 0.2)
    name = rabbit.vhost  # a user name that no other test has
    playing = story.start(rabbit.amqp_url.replace("guest:guest", f"{name}:later"), pace_seconds=0.1)
    try:
        rabbit.api("PUT", f"users/{name}", {"password": "later", "tags": ""})
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        rabbit.api("PUT", f"permissions/{{vhost}}/{name}", rights)
        exchanges = "exchanges/{vhost}"
        wait_until(
            lambda: (
                "event__exportRequested" in {one["name"] for one in rabbit.api("GET", exchanges)}
            ),
            timeout=30,
        )
    finally:
        playing.stop()
        rabbit.api("DELETE", f"users/{name}")


def test_a_wrong_url_is_told_at_once() -> None:
    with pytest.raises(BusError, match="no event bus at"):
        story.start("http://localhost")
