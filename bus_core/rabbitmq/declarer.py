"""Makes sure of topology on a channel of its own, so that a refusal there hurts nothing else."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from pika import SelectConnection
from pika.channel import Channel
from pika.exceptions import ChannelClosed
from pika.spec import Basic

from bus_core.errors import BusError, LoginRefused, NotFound, NotSent
from bus_core.link import QueueState
from bus_core.rabbitmq import steps
from bus_core.rabbitmq.connection import Connection
from bus_core.rabbitmq.steps import Operation, Refusal, Steps
from bus_core.rabbitmq.wire import (
    ACCESS_REFUSED,
    PRECONDITION_FAILED,
    channel_error,
)
from bus_core.topology import Binding, Exchange, Queue, Topology

logger = logging.getLogger(__name__)


Done = Callable[[BusError | None], None]


class Declarer:
    """Carries out one topology after the other; I/O thread only."""

    def __init__(self, connection: Connection) -> None:
        self._owner = connection
        self._jobs: deque[tuple[Steps, Done]] = deque()
        self._channel: Channel | None = None
        self._connection: SelectConnection | None = None
        self._current: tuple[Steps, Done] | None = None
        self._running: Operation | None = None
        self._delayed: Operation | None = None
        self._answer: Any = None
        self._told: set[str] = set()
        self._may_not_bind: set[Binding] = set()

    def ensure(self, topology: Topology, done: Done, *, may_declare: bool = True) -> None:
        """Look everything up, declare what is missing, then call `done` with an error or None."""
        self._take_on(self._steps(topology, may_declare=may_declare), done)

    def look(self, queue: str, found: Callable[[QueueState], None], done: Done) -> None:
        """Call `found` with how a queue stands, then `done` with an error or None."""

        def look() -> Steps:
            refusal = yield lambda channel, ok: channel.queue_declare(
                queue, passive=True, callback=ok
            )
            if refusal is not None:
                raise channel_error(refusal.code, refusal.text)
            counts = self._answer.method
            found(QueueState(waiting=counts.message_count, consumers=counts.consumer_count))

        self._take_on(look(), done)

    def count_consumers(self, queue: str, done: Callable[[int | None], None]) -> None:
        """Call `done` with the number of a queue's consumers, `None` when that cannot be told."""
        found: list[QueueState] = []
        self.look(queue, found.append, lambda _: done(found[0].consumers if found else None))

    def rebind(self, add: Sequence[Binding], remove: Sequence[Binding], done: Done) -> None:
        """Make bindings, end others, then call `done` with an error or None."""
        self._take_on(steps.rebind(add, remove), done)

    def delete_queue(
        self, name: str, successor: Queue | None, deleted: Callable[[bool], None], done: Done
    ) -> None:
        """Call `deleted` with whether an empty queue was deleted, then `done` as always."""
        self._take_on(steps.delete(name, successor, deleted, lambda: self._answer), done)

    def _take_on(self, job: Steps, done: Done) -> None:
        if self._owner.error is not None:
            done(self._owner.error)
            return
        self._jobs.append((job, done))
        self._begin()

    # -- the connection --

    def on_up(self, connection: SelectConnection) -> None:
        """Open the channel."""
        self._connection = connection
        self._open_channel()

    def on_down(self) -> None:
        """Whoever waits asks again when it is up again."""
        self._connection = self._channel = self._running = self._delayed = None
        self._fail_all(NotSent("the connection to the broker was lost"))

    def on_failed(self, error: LoginRefused) -> None:
        """Nobody will be served."""
        self._fail_all(error)

    def _fail_all(self, error: BusError) -> None:
        jobs = [self._current, *self._jobs] if self._current else list(self._jobs)
        self._current = None
        self._jobs.clear()
        for _, done in jobs:
            done(error)

    def _open_channel(self) -> None:
        if self._connection is not None and self._connection.is_open:
            self._connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Channel) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_callback(self._succeeded, [Basic.GetEmpty], one_shot=False)
        self._begin()

    def _on_channel_closed(self, _channel: Channel, reason: BaseException) -> None:
        self._channel = None
        if not isinstance(reason, ChannelClosed):
            return  # the connection went: on_down follows
        running, self._running = self._running, None
        if running is not None:
            self._advance(Refusal(reason.reply_code, reason.reply_text))
        if self._channel is None:
            self._open_channel()

    # -- one step after the other --

    def _begin(self) -> None:
        if self._channel is None:
            return
        if self._delayed is not None:
            operation, self._delayed = self._delayed, None
            self._run(operation)
        elif self._current is None and self._jobs:
            self._current = self._jobs.popleft()
            self._advance(None)

    def _run(self, operation: Operation) -> None:
        if self._channel is None or not self._channel.is_open:
            self._delayed = operation  # until the channel is open again
            return
        self._running = operation
        operation(self._channel, self._succeeded)

    def _succeeded(self, frame: Any) -> None:
        self._answer = frame
        self._running = None
        self._advance(None)

    def _advance(self, result: Refusal | None) -> None:
        if self._current is None:
            return
        job, done = self._current
        error: BusError | None = None
        try:
            operation = job.send(result)
        except StopIteration:
            pass
        except BusError as refused:
            error = refused
        else:
            self._run(operation)
            return
        self._current = None
        done(error)
        self._begin()

    def _steps(self, topology: Topology, *, may_declare: bool) -> Steps:
        for exchange in topology.exchanges:
            yield from self._exchange(exchange, may_declare=may_declare)
        for queue in topology.queues:
            yield from self._queue(queue, may_declare=may_declare)
        if may_declare:
            for binding in topology.bindings:
                yield from self._binding(binding)

    def _exchange(self, exchange: Exchange, *, may_declare: bool) -> Steps:
        refusal = yield lambda channel, done: channel.exchange_declare(
            exchange.name, passive=True, callback=done
        )
        if refusal is None:
            return
        _raise_unless_missing(refusal, may_declare=may_declare)
        refusal = yield lambda channel, done: channel.exchange_declare(
            exchange.name,
            exchange_type=exchange.type,
            durable=exchange.durable,
            arguments=dict(exchange.arguments),
            callback=done,
        )
        if refusal is not None:
            raise channel_error(refusal.code, refusal.text)

    def _queue(self, queue: Queue, *, may_declare: bool) -> Steps:
        if not queue.exclusive:
            refusal = yield lambda channel, done: channel.queue_declare(
                queue.name, passive=True, callback=done
            )
            if refusal is not None:
                _raise_unless_missing(refusal, may_declare=may_declare)
            elif queue.name in self._told or not may_declare:
                return
        # Exists, but is it ours? Only an active declare tells; asked once a connection.
        refusal = yield lambda channel, done: channel.queue_declare(
            queue.name,
            durable=queue.durable,
            exclusive=queue.exclusive,
            auto_delete=queue.auto_delete,
            arguments=dict(queue.arguments),
            callback=done,
        )
        if refusal is None:
            self._told.add(queue.name)
        elif refusal.code == PRECONDITION_FAILED:
            self._told.add(queue.name)
            logger.warning("queue %s is used as it is: %s", queue.name, refusal.text)
        elif refusal.code == ACCESS_REFUSED and not queue.exclusive:
            yield from self._queue(queue, may_declare=False)
        else:
            raise channel_error(refusal.code, refusal.text)

    def _binding(self, binding: Binding) -> Steps:
        if binding in self._may_not_bind:
            return
        refusal = yield steps.bind(binding)
        if refusal is None:
            return
        if refusal.code != ACCESS_REFUSED:
            raise channel_error(refusal.code, refusal.text)
        self._may_not_bind.add(binding)
        logger.info("binding %s is left to the admin: %s", binding.queue, refusal.text)


def _raise_unless_missing(refusal: Refusal, *, may_declare: bool) -> None:
    error = channel_error(refusal.code, refusal.text)
    if not may_declare or not isinstance(error, NotFound):
        raise error
