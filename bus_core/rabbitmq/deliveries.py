"""Putting deliveries together from the frames in which they come."""

from collections.abc import Callable

from bus_core.message import Delivery, Message
from bus_core.rabbitmq.frames import (
    BASIC_DELIVER,
    BODY,
    FRAME_END,
    FRAME_HEAD,
    FRAME_OVERHEAD,
    HEADER,
    METHOD,
    content_header,
    deliver,
    frame_head,
    properties,
)


class DeliveryReader:
    """Reads the deliveries of one channel: method, header, and as many bodies as it takes."""

    def __init__(self, queue: str, epoch: int, on_delivery: Callable[[Delivery], None]) -> None:
        self._queue = queue
        self._epoch = epoch
        self._on_delivery = on_delivery
        self._reading: tuple[int, bool, str, str] | None = None
        self._message = Message(body=b"")
        self._missing = 0
        self._chunks: list[bytes] = []

    def __call__(self, kind: int, buffer: bytes, start: int, size: int) -> int:
        """Take a frame's payload, and often what follows of the same delivery.

        Returns where the next frame begins, or 0 when this one belongs to no delivery.
        """
        end = start + size + 1
        if kind == METHOD:
            if int.from_bytes(buffer[start : start + 4], "big") != BASIC_DELIVER:
                return 0
            self._reading = deliver(buffer, start)
            return self._take_whole(buffer, start, end) or end
        if self._reading is None:
            return 0
        if kind == HEADER:
            self._missing, flags, position = content_header(buffer, start)
            self._message = properties(buffer, flags, position)
            self._chunks = []
        elif kind == BODY:
            self._chunks.append(buffer[start : start + size])
            self._missing -= size
        else:
            return 0
        if not self._missing:
            self._complete(self._message, b"".join(self._chunks))
        return end

    def _take_whole(self, buffer: bytes, method: int, header: int) -> int:
        """Take header and body where both are at hand; return what follows them, or 0."""
        length = len(buffer)
        if header + FRAME_OVERHEAD > length:
            return 0
        _, own, _ = frame_head(buffer, method - FRAME_HEAD)
        kind, channel, size = frame_head(buffer, header)
        body = header + size + FRAME_OVERHEAD
        if kind != HEADER or channel != own or body + FRAME_OVERHEAD > length:
            return 0
        missing, flags, position = content_header(buffer, header + FRAME_HEAD)
        kind, channel, size = frame_head(buffer, body)
        end = body + size + FRAME_OVERHEAD
        if kind != BODY or channel != own or size != missing or end > length:
            return 0
        if buffer[body - 1] != FRAME_END or buffer[end - 1] != FRAME_END:
            return 0
        message = properties(buffer, flags, position)
        self._complete(message, buffer[body + FRAME_HEAD : end - 1])
        return end

    def _complete(self, message: Message, body: bytes) -> None:
        reading, self._reading = self._reading, None
        if reading is None:
            return
        tag, redelivered, exchange, routing_key = reading
        message.body = body
        count = message.headers.get("x-delivery-count", 0)
        self._on_delivery(
            Delivery(
                message=message,
                queue=self._queue,
                exchange=exchange,
                routing_key=routing_key,
                redelivered=redelivered,
                delivery_count=count if isinstance(count, int) else 0,
                tag=tag,
                epoch=self._epoch,
            )
        )
