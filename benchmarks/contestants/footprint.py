"""This library's memory over many events that one process publishes and consumes."""

import threading
from pathlib import Path

from benchmarks.job import EVENT_TYPE, PREFETCH, SERVICE, Figures, Job, Stopwatch, new_event
from bus_core import Event, EventBus, connect

BATCH = 1000
AHEAD = 10_000
"""So many events wait in the queue at most."""
MEGABYTE = 1024 * 1024


def growth(job: Job) -> Figures:
    """Let a tenth of the events warm it up, and the rest show whether it keeps growing."""
    with connect(job.url, service=SERVICE) as bus:
        flow = _Flow(bus)
        bus.start(wait=20)
        flow.run(job.events // 10)
        before = _kilobytes("VmRSS")
        watch = Stopwatch()
        figures = watch.figures(flow.run(job.events))
        growth = _kilobytes("VmRSS") - before
    return figures | {
        "growth": growth * 1024 / MEGABYTE,
        "peak": _kilobytes("VmHWM") * 1024 / MEGABYTE,
    }


class _Flow:
    """Publishes batches, and waits when the handler falls behind."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self._published = 0
        self._handled = 0
        self._progress = threading.Condition()
        bus.subscribe(EVENT_TYPE, prefetch=PREFETCH)(self._handle)

    def run(self, events: int) -> int:
        """Return how many it were: whole batches."""
        batches = max(1, events // BATCH)
        for _ in range(batches):
            self._bus.publish_many([new_event() for _ in range(BATCH)])
            self._published += BATCH
            self._wait_until_behind(AHEAD)
        self._wait_until_behind(0)
        return batches * BATCH

    def _handle(self, _event: Event) -> None:
        self._handled += 1
        if self._handled % BATCH == 0:
            with self._progress:
                self._progress.notify()

    def _wait_until_behind(self, events: int) -> None:
        with self._progress:
            behind = self._progress.wait_for(
                lambda: self._published - self._handled <= events, timeout=120
            )
        if not behind:
            raise TimeoutError("the handler does not get the events")


def _kilobytes(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise LookupError(field)
