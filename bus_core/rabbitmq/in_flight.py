"""Messages on their way to the broker, and those among them that it has not confirmed yet."""

import struct
from collections import deque
from concurrent.futures import Future
from typing import Protocol

from pika.exceptions import AMQPError

from bus_core.errors import BusError, InvalidEvent
from bus_core.message import Message
from bus_core.rabbitmq.frames import publish_frames
from bus_core.topology import Topology


class Ticket(Protocol):
    """Whoever waits for the end of a message."""

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits any more."""

    def finish(self, error: BusError | None) -> None:
        """The broker has it, or this went wrong."""


class SingleTicket:
    """A future for one message."""

    __slots__ = ("future",)

    def __init__(self) -> None:
        self.future: Future[None] = Future()

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits any more."""
        return self.future.cancelled()

    def finish(self, error: BusError | None) -> None:
        """End the future."""
        if not self.future.set_running_or_notify_cancel():
            return
        if error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(error)


class BatchTicket:
    """One future for many messages: it ends with the last of them, and with the first error."""

    __slots__ = ("_error", "_left", "future")
    cancelled = False

    def __init__(self, messages: int) -> None:
        self.future: Future[None] = Future()
        self._left = messages
        self._error: BusError | None = None

    def finish(self, error: BusError | None) -> None:
        """One message less."""
        self._left -= 1
        if error is not None and self._error is None:
            self._error = error
        if self._left == 0:
            if self._error is None:
                self.future.set_result(None)
            else:
                self.future.set_exception(self._error)


class Outgoing:
    """A message on its way to the broker."""

    __slots__ = (
        "channel_losses",
        "deadline",
        "ensure",
        "exchange",
        "frames",
        "frames_channel",
        "mandatory",
        "message",
        "returned",
        "routing_key",
        "sent",
        "size",
        "ticket",
    )

    def __init__(
        self,
        exchange: str,
        routing_key: str,
        message: Message,
        ensure: Topology | None,
        deadline: float,
        ticket: Ticket,
        *,
        mandatory: bool = False,
    ) -> None:
        self.exchange = exchange
        self.routing_key = routing_key
        self.message = message
        self.ensure = ensure
        self.deadline = deadline
        """Monotonic seconds."""
        self.ticket = ticket
        self.mandatory = mandatory
        self.size = len(message.body)
        self.frames = b""
        """What goes over the wire, when it is known, on channel `frames_channel`."""
        self.frames_channel = 0
        self.sent = False
        """It was on the wire at least once, so the broker may have it."""
        self.channel_losses = 0
        self.returned: str | None = None

    def encode(self, channel: int, frame_max: int) -> None:
        """Make the frames; a mandatory message gets them when its attempt is known.

        Raises `InvalidEvent` when AMQP cannot carry a property.
        """
        if self.mandatory:
            return
        self.frames_channel = channel
        self.frames = encode_frames(channel, self, self.message, frame_max)


def encode_frames(channel: int, outgoing: Outgoing, message: Message, frame_max: int) -> bytes:
    """Return the frames of an outgoing message; raises `InvalidEvent`."""
    try:
        return publish_frames(
            channel,
            outgoing.exchange,
            outgoing.routing_key,
            message,
            mandatory=outgoing.mandatory,
            frame_max=frame_max,
        )
    except (AMQPError, RecursionError, ValueError, struct.error) as error:
        raise InvalidEvent(f"the event cannot be sent: {error}") from error


class InFlight:
    """The unconfirmed messages of one channel, by delivery tag.

    Tags rise by one and confirms arrive in any order, so a ring with holes does: its head is
    dropped as soon as it is settled.
    """

    def __init__(self) -> None:
        self._ring: deque[Outgoing | None] = deque()
        self._first_tag = 1
        self.messages = 0
        self.bytes = 0

    @property
    def next_tag(self) -> int:
        """The delivery tag that the next message gets."""
        return self._first_tag + len(self._ring)

    def add(self, outgoing: Outgoing) -> None:
        """Take note of a message that is being sent."""
        outgoing.sent = True
        outgoing.returned = None
        self._ring.append(outgoing)
        self.messages += 1
        self.bytes += outgoing.size

    def get(self, tag: int) -> Outgoing | None:
        """Return the unconfirmed message with this tag."""
        index = tag - self._first_tag
        return self._ring[index] if 0 <= index < len(self._ring) else None

    def settle(self, tag: int, *, multiple: bool) -> list[Outgoing]:
        """Take out the message with this tag, with `multiple` all up to it; oldest first."""
        index = tag - self._first_tag
        if not 0 <= index < len(self._ring):
            return []
        if multiple:
            settled = [self._ring.popleft() for _ in range(index + 1)]
            self._first_tag += index + 1
        else:
            settled = [self._ring[index]]
            self._ring[index] = None
        self._drop_head()
        return self._forget(settled)

    def expire(self, now: float) -> list[Outgoing]:
        """Take out what is past its deadline."""
        late = []
        for index, outgoing in enumerate(self._ring):
            if outgoing is not None and now >= outgoing.deadline:
                late.append(outgoing)
                self._ring[index] = None
        self._drop_head()
        return self._forget(late)

    def take_all(self) -> list[Outgoing]:
        """Take out everything, oldest first; the next tag is 1 again, as on a new channel."""
        taken = [one for one in self._ring if one is not None]
        self._ring.clear()
        self._first_tag = 1
        self.messages = self.bytes = 0
        return taken

    def _drop_head(self) -> None:
        while self._ring and self._ring[0] is None:
            self._ring.popleft()
            self._first_tag += 1

    def _forget(self, settled: "list[Outgoing | None] | list[Outgoing]") -> list[Outgoing]:
        known = [one for one in settled if one is not None]
        self.messages -= len(known)
        self.bytes -= sum(one.size for one in known)
        return known
