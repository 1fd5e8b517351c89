"""`Backlog`: how much of what this process wants to send may wait here for the broker."""

import threading
import time

MAX_MESSAGES = 50_000
MAX_BYTES = 64 * 1024 * 1024


class Backlog:
    """Counts messages from the hand-over to their end, so that memory stays bounded.

    `enter` is called from any thread, `leave` on the I/O thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting = 0
        self.messages = 0
        self.bytes = 0

    @property
    def has_room(self) -> bool:
        """Whether one more is let in; a batch may go over the limit, once."""
        return self.messages < MAX_MESSAGES and self.bytes < MAX_BYTES

    def enter(self, messages: int, size: int, *, wait: float = 0.0, limited: bool = True) -> bool:
        """Count messages of `size` bytes in; return whether they were let in.

        Waits for room for at most `wait` seconds. Those that are not `limited` always get in.
        """
        with self._changed:
            if limited and not self.has_room and not self._wait(wait):
                return False
            self.messages += messages
            self.bytes += size
            return True

    def leave(self, messages: int, size: int) -> None:
        """Count messages out."""
        with self._changed:
            self.messages -= messages
            self.bytes -= size
            if self._waiting and self.has_room:
                self._changed.notify_all()

    def _wait(self, seconds: float) -> bool:
        if seconds <= 0:
            return False
        deadline = time.monotonic() + seconds
        self._waiting += 1
        try:
            return self._changed.wait_for(lambda: self.has_room, deadline - time.monotonic())
        finally:
            self._waiting -= 1
