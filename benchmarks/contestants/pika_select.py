"""pika's asynchronous connection in one thread: what a careful programmer writes by hand."""

import time
from collections.abc import Callable, Iterator
from itertools import takewhile

import pika
from pika.channel import Channel

from benchmarks.job import (
    EXCHANGE,
    LATENCY_EVENTS_PER_SECOND,
    PREFETCH,
    QUEUE,
    WARM_UP_EVENTS,
    Figures,
    Job,
    Stopwatch,
    for_seconds,
    percentiles,
    ready_body,
)

WINDOW = 1000


def publish(job: Job) -> Figures:
    """Keep 1000 ready bodies in flight, with confirms."""
    figures: Figures = {}

    def begin(channel: Channel) -> None:
        loop = _PublishingLoop(channel)

        def measure() -> None:
            watch = Stopwatch()
            loop.run(for_seconds(job.seconds), lambda: end(watch))

        def end(watch: Stopwatch) -> None:
            figures.update(watch.figures(loop.sent - WARM_UP_EVENTS))
            channel.connection.close()

        channel.confirm_delivery(
            loop.on_confirm, callback=lambda _: loop.run(iter(range(WARM_UP_EVENTS)), measure)
        )

    _run(job.url, begin)
    return figures


class _PublishingLoop:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._body = ready_body()
        self._properties = pika.BasicProperties(delivery_mode=2)
        self._unconfirmed = dict[int, None]()
        self._turns: Iterator[int] = iter(())
        self._then: Callable[[], None] = lambda: None
        self.sent = 0

    def run(self, turns: Iterator[int], then: Callable[[], None]) -> None:
        self._turns, self._then = turns, then
        self._fill_window()

    def on_confirm(self, confirm: pika.frame.Method) -> None:
        method = confirm.method
        if isinstance(method, pika.spec.Basic.Nack):
            raise TypeError("the broker refused an event")
        if method.multiple:
            for tag in list(takewhile(method.delivery_tag.__ge__, self._unconfirmed)):
                del self._unconfirmed[tag]
        else:
            del self._unconfirmed[method.delivery_tag]
        self._fill_window()

    def _fill_window(self) -> None:
        while len(self._unconfirmed) < WINDOW:
            if next(self._turns, None) is None:
                break
            self.sent += 1
            self._unconfirmed[self.sent] = None
            self._channel.basic_publish(EXCHANGE, "", self._body, self._properties)
        if not self._unconfirmed:
            self._then()


def consume(job: Job) -> Figures:
    """Acknowledge each message as it comes."""
    figures: Figures = {}
    handled = 0
    watch: Stopwatch

    def handle(channel: Channel, method: pika.spec.Basic.Deliver, _properties, _body) -> None:
        nonlocal handled, watch
        handled += 1
        if handled == 1:
            watch = Stopwatch()
        channel.basic_ack(method.delivery_tag)
        if handled == job.events:
            figures.update(watch.figures(handled))
            channel.connection.close()

    def begin(channel: Channel) -> None:
        channel.basic_qos(
            prefetch_count=PREFETCH, callback=lambda _: channel.basic_consume(QUEUE, handle)
        )

    _run(job.url, begin)
    return figures


def latency(job: Job) -> Figures:
    """Publish at a low rate and consume, on two channels of one connection."""
    took: list[float] = []
    total = round(job.seconds * LATENCY_EVENTS_PER_SECOND)
    body = ready_body()
    figures: Figures = {}
    watch: Stopwatch

    def publish(channel: Channel, number: int) -> None:
        properties = pika.BasicProperties(delivery_mode=2, message_id=repr(time.perf_counter()))
        channel.basic_publish(EXCHANGE, "", body, properties)
        if number < total:
            channel.connection.ioloop.call_later(
                1 / LATENCY_EVENTS_PER_SECOND, lambda: publish(channel, number + 1)
            )

    def handle(channel: Channel, method: pika.spec.Basic.Deliver, properties, _body) -> None:
        took.append(time.perf_counter() - float(properties.message_id))
        channel.basic_ack(method.delivery_tag)
        if len(took) == total:
            figures.update(watch.figures(total) | percentiles(took[len(took) // 10 :]))
            channel.connection.close()

    def begin_to_publish(channel: Channel) -> None:
        nonlocal watch
        channel.confirm_delivery(lambda _: None)
        watch = Stopwatch()
        publish(channel, 1)

    def begin(channel: Channel) -> None:
        channel.basic_consume(
            QUEUE,
            handle,
            callback=lambda _: channel.connection.channel(on_open_callback=begin_to_publish),
        )

    _run(job.url, begin)
    return figures


def _run(url: str, begin: Callable[[Channel], None]) -> None:
    """Open a connection and a channel, and run until the connection is closed."""
    connection = pika.SelectConnection(
        pika.URLParameters(url),
        on_open_callback=lambda opened: opened.channel(on_open_callback=begin),
        on_close_callback=lambda closed, _: closed.ioloop.stop(),
    )
    connection.ioloop.start()
