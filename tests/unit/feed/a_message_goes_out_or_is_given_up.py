"""The broadcaster never waits for ever and never raises: sockets see later what they missed."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from eventbus_admin.feed import broadcast
from eventbus_admin.feed.broadcast import Broadcaster


class Layer:
    """A channel layer that can be away or slow."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any], str]] = []
        self.error: Exception | None = None
        self.seconds = 0.0

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send, or fail."""
        if self.error:
            raise self.error
        await asyncio.sleep(self.seconds)
        self.sent.append((group, message, threading.current_thread().name))


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Layer:
    """The layer that is used."""
    layer = Layer()
    monkeypatch.setattr(broadcast, "get_channel_layer", lambda: layer)
    return layer


@pytest.fixture
def broadcaster() -> Iterator[Broadcaster]:
    """A broadcaster with an event loop of its own."""
    broadcaster = Broadcaster()
    yield broadcaster
    broadcaster.close()


def test_without_a_server_it_runs_a_loop_of_its_own(layer: Layer, broadcaster: Broadcaster) -> None:
    assert broadcaster.send({"type": "feed.meter"})
    assert layer.sent == [("feed", {"type": "feed.meter"}, "feed-broadcast")]


def test_a_layer_that_is_away_is_borne(layer: Layer, broadcaster: Broadcaster) -> None:
    layer.error = ConnectionError("no redis")
    assert not broadcaster.send({})

    layer.error = None
    assert broadcaster.send({})


def test_a_layer_that_hangs_is_given_up(
    layer: Layer, broadcaster: Broadcaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast, "SEND_SECONDS", 0.05)
    layer.seconds = 60
    assert not broadcaster.send({})

    layer.seconds = 0
    assert broadcaster.send({})
    assert len(layer.sent) == 1


def test_after_the_end_nothing_is_sent(layer: Layer) -> None:
    broadcaster = Broadcaster()
    broadcaster.close()
    broadcaster.close()

    assert not broadcaster.send({})


@pytest.mark.asyncio
async def test_the_servers_loop_is_used_and_left_alone(layer: Layer) -> None:
    broadcaster = Broadcaster(asyncio.get_running_loop())

    assert await asyncio.to_thread(broadcaster.send, {})
    assert layer.sent[0][2] == threading.main_thread().name
    broadcaster.close()
    assert await asyncio.to_thread(broadcaster.send, {})
