"""Messages on their way to the broker, and those among them that it has not confirmed yet."""

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

from pika import BasicProperties

from bus_core.errors import BusError
from bus_core.topology import Topology


@dataclass(slots=True, eq=False)
class Outgoing:
    """A message on its way to the broker."""

    exchange: str
    routing_key: str
    properties: BasicProperties
    body: bytes
    mandatory: bool
    ensure: Topology | None
    deadline: float
    """Monotonic seconds."""
    future: "Future[None]"
    sent: bool = False
    """It was on the wire at least once, so the broker may have it."""
    channel_losses: int = 0
    returned: str | None = None

    def finish(self, error: BusError | None = None) -> None:
        """End the future, unless its owner has cancelled it."""
        if not self.future.set_running_or_notify_cancel():
            return
        if error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(error)


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
        self._ring.append(outgoing)
        self.messages += 1
        self.bytes += len(outgoing.body)

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
        self.bytes -= sum(len(one.body) for one in known)
        return known
