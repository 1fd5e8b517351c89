"""Exchanges, bindings and routing of the embedded broker, and what its management shows."""

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bus_core.errors import AccessRefused, InvalidEvent, NotFound, PreconditionFailed
from bus_core.memory.clock import Clock, SystemClock
from bus_core.memory.queue import Entry, MemoryConsumer, MemoryQueue
from bus_core.message import Message
from bus_core.topology import Binding, Exchange, Policy, Queue

STUCK_RETRY_SECONDS = 1.0
_HOP_LIMIT = 16


@dataclass(frozen=True, kw_only=True)
class QueueInfo:
    """What management shows of a queue."""

    queue: Queue
    ready: int
    unacked: int
    consumers: int


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything that exists on the broker at one moment."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[QueueInfo, ...]
    bindings: tuple[Binding, ...]
    policies: tuple[Policy, ...]


class MemoryBroker:
    """A broker in this process; safe to use from any thread."""

    def __init__(self, name: str = "memory", clock: Clock | None = None) -> None:
        self.name = name
        self.clock: Clock = clock or SystemClock()
        self.lock = threading.RLock()
        self._exchanges: dict[str, Exchange] = {}
        self._queues: dict[str, MemoryQueue] = {}
        self._bindings: dict[str, set[Binding]] = {}
        self._policies: dict[str, Policy] = {}
        self._listeners: list[Callable[[str], None]] = []
        self._watchers: list[Callable[[str], None]] = []

    # -- topology --

    def declare_exchange(self, exchange: Exchange) -> None:
        """Create an exchange; raises `PreconditionFailed` when another of its name exists."""
        with self.lock:
            existing = self._exchanges.get(exchange.name)
            if existing is None:
                self._exchanges[exchange.name] = exchange
                self._tell_changed(exchange.name)
            elif existing != exchange:
                raise PreconditionFailed(f"exchange {exchange.name} exists with other properties")

    def declare_queue(self, queue: Queue, owner: object = None) -> None:
        """Create a queue; `owner` is the connection of an exclusive one.

        Raises `PreconditionFailed` when another of its name exists, `AccessRefused` when it is
        exclusive to somebody else.
        """
        with self.lock:
            existing = self._queues.get(queue.name)
            if existing is None:
                created = MemoryQueue(queue, self._dead_letter)
                created.owner = owner if queue.exclusive else None
                self._queues[queue.name] = created
                self._set_policy(created)
                self._tell_created(queue.name)
                self._tell_changed(queue.name)
            elif existing.owner is not None and existing.owner is not owner:
                raise AccessRefused(f"queue {queue.name} is exclusive to another connection")
            elif existing.declared != queue:
                raise PreconditionFailed(f"queue {queue.name} exists with other properties")

    def bind(self, binding: Binding) -> None:
        """Bind a queue; raises `NotFound` when queue or exchange is missing."""
        with self.lock:
            self._exchange(binding.source)
            self._queue(binding.queue)
            existing = self._bindings.setdefault(binding.source, set())
            if binding not in existing:
                existing.add(binding)
                self._tell_changed(binding.queue)

    def unbind(self, binding: Binding) -> None:
        """Remove a binding, if it is there."""
        with self.lock:
            existing = self._bindings.get(binding.source, set())
            if binding in existing:
                existing.discard(binding)
                self._tell_changed(binding.queue)

    def put_policy(self, policy: Policy) -> None:
        """Create or replace a policy."""
        with self.lock:
            self._policies[policy.name] = policy
            for queue in self._queues.values():
                self._set_policy(queue)
            self._tell_changed(policy.name)

    def delete_policy(self, name: str) -> None:
        """Delete a policy, if it is there."""
        with self.lock:
            self._policies.pop(name, None)
            for queue in self._queues.values():
                self._set_policy(queue)
            self._tell_changed(name)

    def delete_queue(self, name: str) -> None:
        """Delete a queue with its messages and bindings; its consumers are told."""
        with self.lock:
            queue = self._queues.pop(name, None)
            if queue is None:
                return
            queue.deleted = True
            for bindings in self._bindings.values():
                bindings.difference_update([one for one in bindings if one.queue == name])
            consumers, queue.consumers = queue.consumers, []
            for consumer in consumers:
                consumer.on_cancel()
            self._tell_changed(name)

    def delete_exchange(self, name: str) -> None:
        """Delete an exchange with its bindings; nobody is told."""
        with self.lock:
            self._exchanges.pop(name, None)
            self._bindings.pop(name, None)
            self._tell_changed(name)

    def purge(self, name: str) -> int:
        """Drop a queue's ready messages; returns how many. Raises `NotFound`."""
        with self.lock:
            ready = self._queue(name).ready
            count = len(ready)
            ready.clear()
            return count

    def has_exchange(self, name: str) -> bool:
        """Whether the exchange exists."""
        with self.lock:
            return name in self._exchanges

    def has_queue(self, name: str) -> bool:
        """Whether the queue exists."""
        with self.lock:
            return name in self._queues

    def snapshot(self) -> Snapshot:
        """Return everything that exists now."""
        with self.lock:
            return Snapshot(
                exchanges=tuple(self._exchanges.values()),
                queues=tuple(
                    QueueInfo(
                        queue=queue.declared,
                        ready=len(queue.ready),
                        unacked=queue.unacked,
                        consumers=sum(not one.stopped for one in queue.consumers),
                    )
                    for queue in self._queues.values()
                ),
                bindings=tuple(sorted(set().union(*self._bindings.values()))),
                policies=tuple(self._policies.values()),
            )

    def peek(self, name: str) -> list[Entry]:
        """Return what a queue holds, in its order, and change nothing. Raises `NotFound`."""
        with self.lock:
            return self._queue(name).entries

    def on_queue_declared(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call `listener(name)` for every new queue; returns a function that ends it."""
        return self._add(self._listeners, listener)

    def on_change(self, watcher: Callable[[str], None]) -> Callable[[], None]:
        """Call `watcher(name)` for everything that is made, changed or deleted.

        `name` is the object's, of a binding its queue's. The watcher is called in the middle of
        the change and must not wait. Returns a function that ends it.
        """
        return self._add(self._watchers, watcher)

    # -- messages --

    def publish(self, exchange: str, routing_key: str, message: Message) -> int:
        """Route a message; returns how many queues took it.

        Raises `NotFound` for a missing exchange, `InvalidEvent` for headers that AMQP cannot
        carry, `PreconditionFailed` when a full queue refuses it (a nack in AMQP).
        """
        _check_headers(message.headers)
        with self.lock:
            targets = self._route(exchange, routing_key)
            room = [queue for queue in targets if queue.has_room()]
            for queue in room:
                self._enqueue(queue, message, exchange, routing_key)
            if len(room) < len(targets):
                raise PreconditionFailed("a full queue refused the message")
            return len(room)

    def attach(self, name: str, consumer: MemoryConsumer, *, owner: object, last: bool) -> int:
        """Start a consumer; returns how many messages were waiting.

        Raises `NotFound`, or `AccessRefused` for a foreign exclusive queue.
        """
        with self.lock:
            queue = self._queue(name)
            if queue.owner is not None and queue.owner is not owner:
                raise AccessRefused(f"queue {name} is exclusive to another connection")
            waiting = len(queue.ready)
            queue.attach(consumer, from_last=last)
            return waiting

    def stop_deliveries(self, name: str, consumer: MemoryConsumer) -> None:
        """Deliver nothing more to a consumer, which may still settle what it holds."""
        with self.lock:
            consumer.stopped = True
            if queue := self._queues.get(name):
                queue.dispatch()

    def set_prefetch(self, name: str, consumer: MemoryConsumer, prefetch: int) -> None:
        """Let a consumer hold that many messages from now on."""
        with self.lock:
            consumer.prefetch = prefetch
            if queue := self._queues.get(name):
                queue.dispatch()

    def detach(self, name: str, consumer: MemoryConsumer) -> None:
        """End a consumer; what it holds returns to the queue."""
        with self.lock:
            if queue := self._queues.get(name):
                queue.detach(consumer)
                if queue.declared.auto_delete and not queue.consumers:
                    self.delete_queue(name)

    def settle(self, name: str, consumer: MemoryConsumer, tag: int, *, requeue: bool) -> None:
        """Settle one delivery; one of a deleted queue is ignored."""
        with self.lock:
            if queue := self._queues.get(name):
                queue.settle(consumer, tag, requeue=requeue)

    def disconnect(self, owner: object) -> None:
        """A connection has gone: its exclusive queues go with it."""
        with self.lock:
            for name in [name for name, queue in self._queues.items() if queue.owner is owner]:
                self.delete_queue(name)

    # -- inside --

    def _exchange(self, name: str) -> Exchange:
        if (exchange := self._exchanges.get(name)) is None:
            raise NotFound(f"no exchange {name!r}")
        return exchange

    def _queue(self, name: str) -> MemoryQueue:
        if (queue := self._queues.get(name)) is None:
            raise NotFound(f"no queue {name!r}")
        return queue

    def _route(self, exchange: str, routing_key: str, hops: int = 0) -> list[MemoryQueue]:
        if not exchange:
            queue = self._queues.get(routing_key)
            return [queue] if queue else []
        found = self._exchange(exchange)
        names = {
            binding.queue
            for binding in self._bindings.get(exchange, ())
            if found.type == "fanout" or binding.routing_key == routing_key
        }
        if names:
            return [self._queues[name] for name in sorted(names)]
        alternate = found.arguments.get("alternate-exchange")
        if alternate in self._exchanges and hops < _HOP_LIMIT:
            return self._route(str(alternate), routing_key, hops + 1)
        return []

    def _enqueue(
        self, queue: MemoryQueue, message: Message, exchange: str, routing_key: str
    ) -> None:
        entry = queue.add(message, exchange, routing_key)
        lifetimes = [queue.setting("message-ttl"), message.expiration]
        if milliseconds := [int(value) for value in lifetimes if value is not None]:
            self.clock.call_later(min(milliseconds) / 1000, lambda: self._expire(queue, entry))

    def _expire(self, queue: MemoryQueue, entry: Entry) -> None:
        with self.lock:
            entry.expires = True
            self._drop_expired(queue)

    def _drop_expired(self, queue: MemoryQueue) -> None:
        with self.lock:
            if queue.deleted:
                return
            queue.expire()
            if queue.ready and queue.ready[0].expires:
                # At-least-once and no way out yet: it holds up the queue, as on RabbitMQ.
                self.clock.call_later(STUCK_RETRY_SECONDS, lambda: self._drop_expired(queue))

    def _dead_letter(self, queue: MemoryQueue, entry: Entry, reason: str) -> bool:
        """Send a message on; returns False when it has to stay (at-least-once, no route)."""
        exchange = queue.setting("dead-letter-exchange")
        if exchange is None:
            return True
        routing_key = queue.setting("dead-letter-routing-key") or entry.routing_key
        targets = self._route(exchange, routing_key) if exchange in self._exchanges else []
        if not targets and queue.setting("dead-letter-strategy") == "at-least-once":
            return False
        message = _with_death(queue.name, entry, reason)
        for target in targets:
            self._enqueue(target, message, exchange, routing_key)
        return True

    def _set_policy(self, queue: MemoryQueue) -> None:
        matching = [one for one in self._policies.values() if re.search(one.pattern, queue.name)]
        best = max(matching, key=lambda policy: policy.priority, default=None)
        queue.policy = best.definition if best else {}

    def _add(
        self, listeners: list[Callable[[str], None]], listener: Callable[[str], None]
    ) -> Callable[[], None]:
        with self.lock:
            listeners.append(listener)

        def stop() -> None:
            with self.lock:
                if listener in listeners:
                    listeners.remove(listener)

        return stop

    def _tell_created(self, name: str) -> None:
        for listener in list(self._listeners):
            listener(name)

    def _tell_changed(self, name: str) -> None:
        for watcher in list(self._watchers):
            watcher(name)


def _check_headers(headers: Mapping[str, Any]) -> None:
    for name in headers:
        if len(name.encode()) > 255:
            raise InvalidEvent(f"the header name {name[:40]}… is longer than 255 bytes")


def _with_death(queue: str, entry: Entry, reason: str) -> Message:
    """Return the message with an `x-death` entry, as RabbitMQ writes it."""
    headers = dict(entry.message.headers)
    deaths: Iterable[Mapping[str, Any]] = headers.get("x-death", ())
    count = 1
    others = []
    for death in deaths:
        if death.get("queue") == queue and death.get("reason") == reason:
            count += int(death.get("count", 0))
        else:
            others.append(death)
    death = {
        "count": count,
        "reason": reason,
        "queue": queue,
        "exchange": entry.exchange,
        "routing-keys": [entry.routing_key],
        "time": int(time.time()),
    }
    headers["x-death"] = [death, *others]
    headers.setdefault("x-first-death-queue", queue)
    headers.setdefault("x-first-death-reason", reason)
    headers.setdefault("x-first-death-exchange", entry.exchange)
    # As RabbitMQ does, or it would expire again at once where it arrives.
    return replace(entry.message, headers=headers, expiration=None)
