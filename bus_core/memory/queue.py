"""One queue of the embedded broker: ready and unacknowledged messages, and its consumers.

Everything here runs under the broker's lock.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bus_core.message import Delivery, Message
from bus_core.topology import Queue

STREAM_KEEPS = 1_000


@dataclass(slots=True)
class Entry:
    """A message's place in one queue."""

    message: Message
    exchange: str
    routing_key: str
    position: int
    expires: bool = False
    delivery_count: int = 0
    redelivered: bool = False


@dataclass(eq=False)
class MemoryConsumer:
    """Somebody who gets a queue's messages."""

    on_delivery: Callable[[Delivery], None]
    on_cancel: Callable[[], None]
    prefetch: int
    on_burst: Callable[[], None] | None = None
    auto_ack: bool = False
    epoch: int = 0
    held: dict[int, Entry] = field(default_factory=dict)
    next_tag: int = 1
    stream_offset: int = 0
    stopped: bool = False

    @property
    def has_room(self) -> bool:
        """Whether it may be given one more message."""
        if self.stopped:
            return False
        return self.auto_ack or not self.prefetch or len(self.held) < self.prefetch


class MemoryQueue:
    """A queue with AMQP's rules; `dead_letter(entry, reason)` is the broker's."""

    def __init__(self, declared: Queue, dead_letter: "Callable[[MemoryQueue, Entry, str], bool]"):
        self.declared = declared
        self.policy: Mapping[str, Any] = {}
        self.owner: object = None
        self.ready: deque[Entry] = deque()
        self.consumers: list[MemoryConsumer] = []
        self.deleted = False
        self._dead_letter = dead_letter
        self._positions = 0
        self._dispatching = False

    @property
    def name(self) -> str:
        """The queue's name."""
        return self.declared.name

    @property
    def type(self) -> str:
        """`quorum`, `classic` or `stream`."""
        return str(self.declared.arguments.get("x-queue-type", "classic"))

    @property
    def unacked(self) -> int:
        """How many messages consumers hold."""
        return sum(len(consumer.held) for consumer in self.consumers)

    @property
    def entries(self) -> list[Entry]:
        """What waits and what consumers hold, in its order."""
        held = [entry for consumer in self.consumers for entry in consumer.held.values()]
        return sorted([*self.ready, *held], key=lambda entry: entry.position)

    def setting(self, name: str) -> Any:
        """Return an argument or the policy's value; of two numbers the smaller holds."""
        values = [
            value
            for value in (self.declared.arguments.get(f"x-{name}"), self.policy.get(name))
            if value is not None
        ]
        if len(values) == 2 and all(isinstance(value, int) for value in values):
            return min(values)
        return values[0] if values else None

    # -- in --

    def has_room(self) -> bool:
        """Whether a publish may add a message (`reject-publish`)."""
        limit = self.setting("max-length")
        rejects = str(self.setting("overflow")).startswith("reject-publish")
        return not (rejects and limit is not None and len(self.ready) >= limit)

    def add(self, message: Message, exchange: str, routing_key: str) -> Entry:
        """Append a message and hand out what can be handed out."""
        self._positions += 1
        entry = Entry(message, exchange, routing_key, self._positions)
        self.ready.append(entry)
        limit = self.setting("max-length")
        if self.type == "stream":
            limit = limit or STREAM_KEEPS
        while limit is not None and len(self.ready) > limit:
            dropped = self.ready.popleft()
            if self.type != "stream":
                self._dead_letter(self, dropped, "maxlen")
        self.dispatch()
        return entry

    def put_back(self, entry: Entry, *, counted: bool = True) -> None:
        """Return a message to its place; a quorum queue counts it and may give it up."""
        entry.redelivered = True
        if self.type == "quorum" and counted:
            entry.delivery_count += 1
            limit = self.setting("delivery-limit")
            if (
                limit is not None
                and entry.delivery_count > limit
                and self._dead_letter(self, entry, "delivery_limit")
            ):
                return
        earlier = []
        while self.ready and self.ready[0].position < entry.position:
            earlier.append(self.ready.popleft())
        self.ready.appendleft(entry)
        self.ready.extendleft(reversed(earlier))

    # -- out --

    def expire(self) -> None:
        """Dead-letter expired messages, from the head only, as RabbitMQ does."""
        while self.ready and self.ready[0].expires:
            entry = self.ready.popleft()
            if not self._dead_letter(self, entry, "expired"):
                self.ready.appendleft(entry)
                return

    def dispatch(self) -> None:
        """Hand ready messages to consumers with room, in turn."""
        if self._dispatching or self.deleted:
            return
        self._dispatching = True
        try:
            if self.type == "stream":
                self._dispatch_stream()
            else:
                self._dispatch_ready()
        finally:
            self._dispatching = False
        for consumer in self.consumers:
            if consumer.on_burst is not None:
                consumer.on_burst()

    def _dispatch_ready(self) -> None:
        while self.ready and (consumer := self._next_consumer()):
            entry = self.ready.popleft()
            tag = consumer.next_tag
            consumer.next_tag += 1
            if not consumer.auto_ack:
                consumer.held[tag] = entry
            consumer.on_delivery(self._delivery(entry, tag, consumer))

    def _next_consumer(self) -> MemoryConsumer | None:
        single = self.declared.arguments.get("x-single-active-consumer")
        listening = [one for one in self.consumers if not one.stopped]
        for consumer in listening[:1] if single else listening:
            if consumer.has_room:
                if not single:
                    self.consumers.remove(consumer)
                    self.consumers.append(consumer)
                return consumer
        return None

    def _dispatch_stream(self) -> None:
        for consumer in list(self.consumers):
            for entry in list(self.ready):
                if entry.position > consumer.stream_offset and not consumer.stopped:
                    consumer.stream_offset = entry.position
                    consumer.on_delivery(self._delivery(entry, entry.position, consumer))

    def _delivery(self, entry: Entry, tag: int, consumer: MemoryConsumer) -> Delivery:
        message = entry.message
        if entry.delivery_count:
            message = message.with_headers(
                {**message.headers, "x-delivery-count": entry.delivery_count}
            )
        return Delivery(
            message=message,
            queue=self.name,
            exchange=entry.exchange,
            routing_key=entry.routing_key,
            redelivered=entry.redelivered,
            delivery_count=entry.delivery_count,
            tag=tag,
            epoch=consumer.epoch,
        )

    # -- consumers --

    def attach(self, consumer: MemoryConsumer, *, from_last: bool) -> None:
        """Add a consumer; of a stream it sees the newest message first, or only what comes."""
        if self.type == "stream":
            newest = self.ready[-1].position if self.ready else 0
            consumer.stream_offset = newest - 1 if from_last and self.ready else newest
        self.consumers.append(consumer)
        self.dispatch()

    def detach(self, consumer: MemoryConsumer) -> None:
        """Remove a consumer; what it holds returns to its place."""
        if consumer not in self.consumers:
            return
        self.consumers.remove(consumer)
        for tag in sorted(consumer.held, reverse=True):
            self.put_back(consumer.held.pop(tag))
        self.dispatch()

    def settle(self, consumer: MemoryConsumer, tag: int, *, requeue: bool) -> None:
        """Acknowledge or return one message."""
        entry = consumer.held.pop(tag, None)
        if entry is not None and requeue:
            self.put_back(entry)
        self.dispatch()
