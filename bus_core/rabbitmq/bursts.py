"""`BurstConnection`: pika's connection with one system call a burst instead of one a frame.

This is the only module that leans on pika's private parts. `supported()` tells whether they are
as known; where they are not, everything works on pika's own paths, slower. A test fails loudly
when a new pika needs a look here.
"""

import contextlib
import inspect
import logging
import socket
from collections.abc import Callable
from typing import Any

from pika import SelectConnection
from pika.adapters.utils import io_services_utils
from pika.exceptions import AMQPConnectionError
from pika.frame import decode_frame

from bus_core.rabbitmq.frames import FRAME_END, FRAME_HEAD, FRAME_OVERHEAD, frame_head

logger = logging.getLogger(__name__)

READ_BYTES = 256 * 1024
"""pika reads 4 KiB at a time."""

FrameHandler = Callable[[int, bytes, int, int], int]
"""Takes kind, buffer, start and size of a frame's payload.

Returns where the next frame begins, which may be after several more of the same channel, or 0 when
it leaves the frame to pika.
"""


def supported() -> bool:
    """Return whether this version of pika has the private parts that are used here."""
    transport = getattr(io_services_utils, "_AsyncPlaintextTransport", None)
    wanted = {
        "_on_data_available": ["self", "data_in"],
        "_process_frame": ["self", "frame_value"],
        "_adapter_emit_data": ["self", "data"],
        "_proto_connection_made": ["self", "transport"],
        "_terminate_stream": ["self", "error"],
    }
    try:
        return (
            all(
                list(inspect.signature(getattr(SelectConnection, name)).parameters) == parameters
                for name, parameters in wanted.items()
            )
            and hasattr(transport, "_MAX_RECV_BYTES")
            and hasattr(transport, "get_write_buffer_size")
        )
    except (AttributeError, TypeError, ValueError):
        return False


class BurstConnection(SelectConnection):  # type: ignore[misc] # pika is not typed
    """A connection that takes frames in and sends them out in bursts; I/O thread only."""

    _frame_buffer: bytes

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._handlers: dict[int, FrameHandler] = {}
        self._after_burst: list[Callable[[], None]] = []
        super().__init__(*arguments, **options)

    def handle_frames(self, channel: int, handler: FrameHandler) -> None:
        """Show every frame of a channel to `handler` first; what it does not take goes to pika."""
        self._handlers[channel] = handler

    def leave_frames(self, channel: int) -> None:
        """Leave a channel's frames to pika again."""
        self._handlers.pop(channel, None)

    def after_burst(self, callback: Callable[[], None]) -> None:
        """Call back once after each read from the socket."""
        self._after_burst.append(callback)

    def leave_burst(self, callback: Callable[[], None]) -> None:
        """Call back no more."""
        if callback in self._after_burst:
            self._after_burst.remove(callback)

    def send(self, data: bytes) -> None:
        """Send complete frames, at once when the socket takes them."""
        self.bytes_sent += len(data)
        transport = self._transport
        if (
            type(transport) is io_services_utils._AsyncPlaintextTransport
            and not transport.get_write_buffer_size()
        ):
            with contextlib.suppress(OSError):  # the transport will find out by itself
                data = data[self._socket_of(transport).send(data) :]
        if data:
            self._adapter_emit_data(data)

    def abandon(self) -> None:
        """End at once, without a word to the broker."""
        self._terminate_stream(AMQPConnectionError("the broker did not answer to the end"))

    @staticmethod
    def _socket_of(transport: Any) -> socket.socket:
        sock: socket.socket = transport._sock
        return sock

    def _proto_connection_made(self, transport: Any) -> None:
        transport._MAX_RECV_BYTES = READ_BYTES
        super()._proto_connection_made(transport)

    def _on_data_available(self, data_in: bytes) -> None:
        left: bytes = self._frame_buffer
        buffer = left + data_in if left else data_in
        if buffer[:4] == b"AMQP":
            super()._on_data_available(data_in)  # the broker refuses our protocol's version
            return
        handlers = self._handlers
        position, end = 0, len(buffer)
        while end - position >= FRAME_OVERHEAD:
            kind, channel, size = frame_head(buffer, position)
            following = position + size + FRAME_OVERHEAD
            if following > end:
                break
            handler = handlers.get(channel)
            taken = 0
            if handler is not None and buffer[following - 1] == FRAME_END:
                taken = handler(kind, buffer, position + FRAME_HEAD, size)
            if not taken:
                # pika checks the frame's end, decodes and dispatches.
                _, frame = decode_frame(buffer[position:following])
                if frame is not None:
                    self._process_frame(frame)
            position = taken or following
        self._frame_buffer = buffer[position:]
        self.bytes_received += position
        for callback in tuple(self._after_burst):
            callback()
