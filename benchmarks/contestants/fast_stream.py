"""FastStream's RabbitMQ broker, without logs and without the checking of types."""

import asyncio

from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

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

BATCH = 200
"""Quicker than 1000 at once."""


def publish(job: Job) -> Figures:
    """Gather batches, with confirms."""
    return asyncio.run(_publish(job))


def consume(job: Job) -> Figures:
    """Call an empty handler and acknowledge."""
    return asyncio.run(_consume(job))


async def _publish(job: Job) -> Figures:
    exchange = RabbitExchange(EXCHANGE, type=ExchangeType.FANOUT, declare=False)
    body = ready_body()
    async with RabbitBroker(job.url, logger=None, apply_types=False) as broker:
        await broker.start()

        async def publish_batch(size: int) -> None:
            await asyncio.gather(
                *(
                    broker.publish(body, exchange=exchange, persist=True, mandatory=False)
                    for _ in range(size)
                )
            )

        await publish_batch(WARM_UP_EVENTS)
        sent = 0
        watch = Stopwatch()
        for _ in for_seconds(job.seconds):
            await publish_batch(BATCH)
            sent += BATCH
        return watch.figures(sent)


async def _consume(job: Job) -> Figures:
    handled = 0
    watch: Stopwatch
    figures: Figures = {}
    done = asyncio.Event()
    broker = RabbitBroker(job.url, logger=None, apply_types=False)
    queue = RabbitQueue(QUEUE, declare=False)

    @broker.subscriber(queue, channel=Channel(prefetch_count=PREFETCH), no_reply=True)
    async def handle(_body) -> None:
        nonlocal handled, watch
        handled += 1
        if handled == 1:
            watch = Stopwatch()
        elif handled == job.events:
            figures.update(watch.figures(handled))
            done.set()

    async with broker:
        await broker.start()
        await done.wait()
    return figures
