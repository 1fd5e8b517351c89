"""Ctrl-C and SIGTERM as something to decide about, and not as the end at any moment."""

import math
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)
WAKE_SECONDS = 0.2


class Interrupts:
    """While it is in force, signals are noted; the second one raises `KeyboardInterrupt`.

    Outside the main thread nothing can be caught, and nothing is.
    """

    def __init__(self, note: Callable[[signal.Signals], None] | None = None) -> None:
        self.first: signal.Signals | None = None
        self._note = note
        self._before: dict[signal.Signals, Any] = {}

    @property
    def came(self) -> bool:
        """Whether somebody wants us to end."""
        return self.first is not None

    @property
    def exit_code(self) -> int:
        """What shells expect of a process that ended by the signal that came."""
        return 128 + (self.first or 0)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {one: signal.signal(one, self._caught) for one in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _caught(self, number: int, _frame: FrameType | None) -> None:
        again = self.first is not None
        self.first = self.first or signal.Signals(number)
        if self._note is not None:
            self._note(signal.Signals(number))
        elif again:
            raise KeyboardInterrupt


def into(events: "SimpleQueue[Any]") -> Interrupts:
    """Return interrupts that are put into a queue, each one, and raise nothing.

    Only a `SimpleQueue` may be used in a signal's handler: it may be entered again anywhere.
    """
    return Interrupts(events.put)


def take(events: "SimpleQueue[Any]", deadline: float = math.inf) -> Any:
    """Wait for the next of these, signals among them; `None` after `deadline` (monotonic seconds).

    The kernel may hand a signal to any thread. Python acts on it in the main one, when that wakes.
    """
    while (left := deadline - time.monotonic()) > 0:
        with suppress(Empty):
            return events.get(timeout=min(left, WAKE_SECONDS))
    return None
