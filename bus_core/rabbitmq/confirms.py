"""Reading the broker's confirms: which messages it has taken, and which it has refused."""

from collections.abc import Callable

from pika.frame import Method
from pika.spec import Basic

from bus_core.rabbitmq.frames import BASIC_ACK, BASIC_NACK, METHOD, confirm

_BYTES = 13

OnConfirm = Callable[[int, bool, bool], None]
"""Takes a delivery tag, whether all up to it are meant, and whether they were refused."""


class ConfirmReader:
    """Reads the confirms of one channel as they come from the socket."""

    def __init__(self, on_confirm: OnConfirm) -> None:
        self._on_confirm = on_confirm

    def __call__(self, kind: int, buffer: bytes, start: int, size: int) -> int:
        """Take a frame's payload; return where the next frame begins, or 0 for any other frame."""
        if kind != METHOD or size < _BYTES:
            return 0
        method, tag, multiple = confirm(buffer, start)
        if method not in {BASIC_ACK, BASIC_NACK}:
            return 0
        self._on_confirm(tag, multiple, method == BASIC_NACK)
        return start + size + 1


def confirm_of(frame: Method) -> tuple[int, bool, bool]:
    """Return the same from a frame that pika has decoded."""
    method = frame.method
    return method.delivery_tag, bool(method.multiple), isinstance(method, Basic.Nack)
