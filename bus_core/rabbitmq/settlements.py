"""Acknowledging with as few frames as possible."""

from collections import deque
from collections.abc import Sequence

from pika.channel import Channel

from bus_core.link import Settlement


class Settlements:
    """What one channel has delivered and not seen settled; I/O thread only."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._outstanding: deque[int] = deque()
        self._settled: set[int] = set()

    def delivered(self, tag: int) -> None:
        """Take note of a delivery; tags rise."""
        self._outstanding.append(tag)

    def settle(self, posted: Sequence[tuple[int, Settlement]]) -> None:
        """Send settlements; acknowledgements that are contiguous become one frame."""
        if not self._channel.is_open:
            return
        acks = {tag for tag, settlement in posted if settlement is Settlement.ACK}
        for tag, settlement in posted:
            if settlement is Settlement.REJECT:
                self._channel.basic_reject(tag, requeue=True)
            elif settlement is Settlement.RETURN:
                self._channel.basic_nack(tag, requeue=True)
            self._settled.add(tag)
        last = self._advance()
        # The tag of a multiple ack must itself be unsettled, or the broker closes the channel.
        contiguous = [tag for tag in acks if tag <= last]
        if contiguous:
            self._channel.basic_ack(max(contiguous), multiple=True)
        for tag in sorted(acks.difference(contiguous)):
            self._channel.basic_ack(tag)

    def _advance(self) -> int:
        """Drop the settled head; return its last tag, up to which everything is settled."""
        last = 0
        while self._outstanding and self._outstanding[0] in self._settled:
            last = self._outstanding.popleft()
            self._settled.discard(last)
        return last
