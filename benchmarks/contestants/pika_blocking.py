"""pika's `BlockingConnection`: one event at a time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pika
from pika.adapters.blocking_connection import BlockingChannel

from benchmarks.job import (
    EXCHANGE,
    PREFETCH,
    QUEUE,
    Figures,
    Job,
    Stopwatch,
    for_seconds,
    percentiles,
    ready_body,
)

THREADS = 16
WARM_UP_EVENTS = 50
_PERSISTENT = pika.BasicProperties(delivery_mode=2)


def publish_one(job: Job) -> Figures:
    """One connection, one event after the other."""
    body = ready_body()
    with _confirming_channel(job.url) as channel:
        for _ in range(WARM_UP_EVENTS):
            channel.basic_publish(EXCHANGE, "", body, _PERSISTENT)
        took = []
        watch = Stopwatch()
        for _ in for_seconds(job.seconds):
            before = time.perf_counter()
            channel.basic_publish(EXCHANGE, "", body, _PERSISTENT)
            took.append(time.perf_counter() - before)
        return watch.figures(len(took)) | percentiles(took)


def publish_on_threads(job: Job) -> Figures:
    """Sixteen threads with a connection each."""
    body = ready_body()
    sent = [0] * THREADS
    ready = threading.Barrier(THREADS + 1)

    def work(number: int) -> None:
        with _confirming_channel(job.url) as channel:
            for _ in range(WARM_UP_EVENTS):
                channel.basic_publish(EXCHANGE, "", body, _PERSISTENT)
            ready.wait()
            for _ in for_seconds(job.seconds):
                channel.basic_publish(EXCHANGE, "", body, _PERSISTENT)
                sent[number] += 1
            ready.wait()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    ready.wait()
    watch = Stopwatch()
    ready.wait()
    figures = watch.figures(sum(sent))
    for thread in threads:
        thread.join()
    return figures


def consume(job: Job) -> Figures:
    """Acknowledge each message as it comes."""
    handled = 0
    watch: Stopwatch
    figures: Figures = {}

    def handle(channel: BlockingChannel, method: pika.spec.Basic.Deliver, _properties, _body):
        nonlocal handled, watch
        handled += 1
        if handled == 1:
            watch = Stopwatch()
        channel.basic_ack(method.delivery_tag)
        if handled == job.events:
            figures.update(watch.figures(handled))
            channel.stop_consuming()

    with _channel(job.url) as channel:
        channel.basic_qos(prefetch_count=PREFETCH)
        channel.basic_consume(QUEUE, handle)
        channel.start_consuming()
    return figures


@contextmanager
def _channel(url: str) -> Iterator[BlockingChannel]:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        yield connection.channel()


@contextmanager
def _confirming_channel(url: str) -> Iterator[BlockingChannel]:
    with _channel(url) as channel:
        channel.confirm_delivery()
        yield channel
