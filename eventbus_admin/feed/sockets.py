"""`SOCKETS`: the open pages of the feed in this process, for its metrics."""

import threading
import weakref
from typing import Protocol


class Socket(Protocol):
    """One open page."""

    @property
    def dropped(self) -> int:
        """Events that it was not shown, though its filter lets them through."""


class Sockets:
    """Counts sockets and what they lost; usable from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # One whose server was stopped never says goodbye.
        self._open: weakref.WeakSet[Socket] = weakref.WeakSet()
        self._dropped_by_closed = 0

    def add(self, socket: Socket) -> None:
        """Count a socket from now on."""
        with self._lock:
            self._open.add(socket)

    def remove(self, socket: Socket) -> None:
        """Keep what a socket lost, and forget it; again does no harm."""
        with self._lock:
            if socket in self._open:
                self._open.discard(socket)
                self._dropped_by_closed += socket.dropped

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def dropped(self) -> int:
        """How many events all sockets so far were not shown."""
        with self._lock:
            return self._dropped_by_closed + sum(one.dropped for one in self._open)


SOCKETS = Sockets()
