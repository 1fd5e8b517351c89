"""Time for the embedded broker: the system's, or one that tests move."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import Protocol

_Timer = tuple[float, int, Callable[[], None]]


class Clock(Protocol):
    """Calls back after a while; times are in seconds."""

    def call_later(self, delay: float, callback: Callable[[], None]) -> None:
        """Call `callback` on some thread after `delay` seconds."""


class ManualClock:
    """A clock that stands still until a test advances it."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = itertools.count()
        self._timers: list[_Timer] = []
        self._lock = threading.Lock()

    def call_later(self, delay: float, callback: Callable[[], None]) -> None:
        """Call `callback` once `advance` has passed `delay` seconds."""
        with self._lock:
            heapq.heappush(self._timers, (self._now + delay, next(self._order), callback))

    def advance(self, seconds: float) -> None:
        """Move time on by `seconds` and run, in order, everything that falls due on the way."""
        with self._lock:
            target = self._now + seconds
        while True:
            with self._lock:
                if not self._timers or self._timers[0][0] > target:
                    self._now = target
                    return
                self._now, _, callback = heapq.heappop(self._timers)
            callback()

    def advance_to_next(self) -> None:
        """Move time on just until something falls due, and run it; nothing happens otherwise."""
        with self._lock:
            wait = self._timers[0][0] - self._now if self._timers else 0.0
        self.advance(wait)


class SystemClock:
    """Real time. Its thread exists only while something is due."""

    def __init__(self) -> None:
        self._order = itertools.count()
        self._timers: list[_Timer] = []
        self._changed = threading.Condition()
        self._running = False

    def call_later(self, delay: float, callback: Callable[[], None]) -> None:
        """Call `callback` on the clock's thread after `delay` seconds."""
        with self._changed:
            due = time.monotonic() + delay
            heapq.heappush(self._timers, (due, next(self._order), callback))
            self._changed.notify()
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="memory-clock", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._timers:
                    self._running = False
                    return
                remaining = self._timers[0][0] - time.monotonic()
                if remaining > 0:
                    self._changed.wait(remaining)
                    continue
                _, _, callback = heapq.heappop(self._timers)
            callback()
