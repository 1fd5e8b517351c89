"""What a contestant is asked to do, and the stopwatch by which it answers."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bus_core import Event
from bus_core.envelope import encode
from bus_core.topology import consumer_queue, event_exchange

EVENT_TYPE = "exportRequested"
PUBLISHER = "bench-publisher"
SERVICE = "bench-worker"
EXCHANGE = event_exchange(EVENT_TYPE)
QUEUE = consumer_queue(EVENT_TYPE, SERVICE)

PAYLOAD = {"journal": "elife", "articleId": "12345", "notes": "x" * 153}
"""Makes a body of 400 bytes."""
WARM_UP_EVENTS = 500
"""Published before the clock runs: channels are open then, and the exchange is known."""
PREFETCH = 200
LATENCY_EVENTS_PER_SECOND = 200

Figures = dict[str, float]


@dataclass(frozen=True)
class Job:
    """How long or how much; a contestant looks at what concerns it."""

    url: str
    seconds: float
    events: int
    management_url: str = ""
    """Of the management API, login included; empty when nobody said."""


def new_event(payload: Any = PAYLOAD) -> Event:
    """Return an event as a service would make it."""
    return Event(EVENT_TYPE, payload)


def ready_body() -> bytes:
    """Return the body that the library would send, for those who send ready bytes."""
    return encode(new_event(), service=PUBLISHER).body


def for_seconds(seconds: float) -> Iterator[int]:
    """Count from 0 until the time is over."""
    end = time.perf_counter() + seconds
    number = 0
    while time.perf_counter() < end:
        yield number
        number += 1


class Stopwatch:
    """Wall and processor time of this process from now on."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = time.process_time()

    def figures(self, events: int) -> Figures:
        """Return what it took until now."""
        wall = time.perf_counter() - self._wall
        cpu = time.process_time() - self._cpu
        return {"events": events, "rate": events / wall, "cpu": 1e6 * cpu / events}


def percentiles(seconds: Sequence[float]) -> Figures:
    """Return the median and the 99th percentile in milliseconds."""
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return {
        "p50": 1000 * ordered[round(0.50 * last)],
        "p99": 1000 * ordered[round(0.99 * last)],
    }
