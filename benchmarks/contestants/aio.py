"""aio-pika: batches whose confirms are awaited together, as its documentation shows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from benchmarks.job import (
    EXCHANGE,
    PREFETCH,
    QUEUE,
    WARM_UP_EVENTS,
    Figures,
    Job,
    Stopwatch,
    for_seconds,
    ready_body,
)

BATCH = 500
"""Quicker than 100 or 1000 at once, and than a thousand coroutines that publish one by one."""


def publish(job: Job) -> Figures:
    """Gather batches, with confirms."""
    return asyncio.run(_publish(job))


def consume(job: Job) -> Figures:
    """Acknowledge each message as it comes."""
    return asyncio.run(_consume(job))


async def _publish(job: Job) -> Figures:
    body = ready_body()
    async with _channel(job.url) as channel:
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)

        def publish_one() -> Awaitable[object]:
            message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            return exchange.publish(message, "", mandatory=False)

        await asyncio.gather(*(publish_one() for _ in range(WARM_UP_EVENTS)))
        sent = 0
        watch = Stopwatch()
        for _ in for_seconds(job.seconds):
            await asyncio.gather(*(publish_one() for _ in range(BATCH)))
            sent += BATCH
        return watch.figures(sent)


async def _consume(job: Job) -> Figures:
    handled = 0
    watch: Stopwatch
    figures: Figures = {}
    done = asyncio.Event()

    async def handle(message: AbstractIncomingMessage) -> None:
        nonlocal handled, watch
        handled += 1
        if handled == 1:
            watch = Stopwatch()
        await message.ack()
        if handled == job.events and not figures:
            figures.update(watch.figures(handled))
            done.set()

    async with _channel(job.url) as channel:
        await channel.set_qos(prefetch_count=PREFETCH)
        queue = await channel.get_queue(QUEUE, ensure=False)
        await queue.consume(handle)
        await done.wait()
    return figures


@asynccontextmanager
async def _channel(url: str) -> AsyncIterator[AbstractChannel]:
    # The plain connection is quicker than the robust one that comes back by itself.
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        yield channel
