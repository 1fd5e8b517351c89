"""This library, used as its documentation says."""

import itertools
import threading
import time
from collections.abc import Callable

from benchmarks.job import (
    EVENT_TYPE,
    LATENCY_EVENTS_PER_SECOND,
    PAYLOAD,
    PREFETCH,
    PUBLISHER,
    SERVICE,
    WARM_UP_EVENTS,
    Figures,
    Job,
    Stopwatch,
    for_seconds,
    new_event,
    percentiles,
)
from bus_core import Event, connect

THREADS = 16
READY_EVENTS = 2_000


def publish_many(job: Job) -> Figures:
    """One call of `publish_many` with ready events; all that goes out is made on the way."""
    ready = itertools.cycle([new_event() for _ in range(READY_EVENTS)])
    return _publish_many(job, ready.__next__)


def make_and_publish_many(job: Job) -> Figures:
    """The same, and each event is made on the way too, with its id and its date."""
    return _publish_many(job, new_event)


def _publish_many(job: Job, next_event: Callable[[], Event]) -> Figures:
    with connect(job.url, service=PUBLISHER) as bus:
        bus.publish_many(next_event() for _ in range(WARM_UP_EVENTS))
        sent = 0
        watch = Stopwatch()

        def events():
            nonlocal sent
            for _ in for_seconds(job.seconds):
                sent += 1
                yield next_event()

        bus.publish_many(events())
        return watch.figures(sent)


def publish_on_threads(job: Job) -> Figures:
    """Sixteen threads call `publish` on one bus."""
    with connect(job.url, service=PUBLISHER) as bus:
        bus.publish_many(new_event() for _ in range(WARM_UP_EVENTS))
        sent = [0] * THREADS

        def work(number: int) -> None:
            for _ in for_seconds(job.seconds):
                bus.publish(new_event())
                sent[number] += 1

        threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
        watch = Stopwatch()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return watch.figures(sum(sent))


def publish_one(job: Job) -> Figures:
    """One thread calls `publish`, one event after the other."""
    with connect(job.url, service=PUBLISHER) as bus:
        bus.publish_many(new_event() for _ in range(WARM_UP_EVENTS))
        took = []
        watch = Stopwatch()
        for _ in for_seconds(job.seconds):
            before = time.perf_counter()
            bus.publish(new_event())
            took.append(time.perf_counter() - before)
        return watch.figures(len(took)) | percentiles(took)


def consume(job: Job) -> Figures:
    """Decode, call an empty handler on a worker thread, settle."""
    handled = 0
    done = threading.Event()
    watch: Stopwatch
    figures: Figures = {}
    with connect(job.url, service=SERVICE) as bus:

        @bus.subscribe(EVENT_TYPE, prefetch=PREFETCH)
        def handle(_event: Event) -> None:
            nonlocal handled, watch
            handled += 1
            if handled == 1:
                watch = Stopwatch()
            elif handled == job.events:
                figures.update(watch.figures(handled))
                done.set()

        bus.start()
        done.wait()
    return figures


def latency(job: Job) -> Figures:
    """Publish at a low rate and consume, on one bus."""
    took: list[float] = []
    with connect(job.url, service=SERVICE) as bus:

        @bus.subscribe(EVENT_TYPE)
        def handle(event: Event) -> None:
            took.append(time.perf_counter() - event.payload["at"])

        bus.start(wait=20)
        watch = Stopwatch()
        sent = _publish_slowly(bus, job.seconds)
        while len(took) < sent:
            time.sleep(0.01)
        return watch.figures(sent) | percentiles(took[len(took) // 10 :])


def _publish_slowly(bus, seconds: float) -> int:
    start = time.perf_counter()
    total = round(seconds * LATENCY_EVENTS_PER_SECOND)
    for number in range(total):
        time.sleep(max(0.0, start + number / LATENCY_EVENTS_PER_SECOND - time.perf_counter()))
        bus.publish(new_event({**PAYLOAD, "at": time.perf_counter()}))
    return total
