"""Putting deliveries together from the frames in which they come."""

from collections.abc import Callable

from bus_core.message import Delivery
from bus_core.rabbitmq.frames import (
    BASIC_DELIVER,
    BODY,
    HEADER,
    METHOD,
    content_header,
    deliver,
    properties,
)


class DeliveryReader:
    """Reads the deliveries of one channel: method, header, and as many bodies as it takes."""

    def __init__(self, queue: str, epoch: int, on_delivery: Callable[[Delivery], None]) -> None:
        self._queue = queue
        self._epoch = epoch
        self._on_delivery = on_delivery
        self._reading: tuple[int, bool, str, str] | None = None
        self._properties = (b"", 0, 0)
        self._missing = 0
        self._chunks: list[bytes] = []

    def __call__(self, kind: int, buffer: bytes, start: int, size: int) -> bool:
        """Take a frame's payload; returns whether it belongs to a delivery."""
        if kind == METHOD:
            if int.from_bytes(buffer[start : start + 4], "big") != BASIC_DELIVER:
                return False
            self._reading = deliver(buffer, start)
            return True
        if self._reading is None:
            return False
        if kind == HEADER:
            self._missing, flags, position = content_header(buffer, start)
            self._properties = (buffer[position : start + size], flags, 0)
            self._chunks = []
        elif kind == BODY:
            self._chunks.append(buffer[start : start + size])
            self._missing -= size
        else:
            return False
        if not self._missing:
            self._complete(*self._reading)
        return True

    def _complete(self, tag: int, redelivered: bool, exchange: str, routing_key: str) -> None:
        chunks, self._reading = self._chunks, None
        message = properties(*self._properties)
        message.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
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
