"""Handlers for tests: one that keeps what it is given, and a gate that holds handlers up."""

import threading
import time
from collections.abc import Callable
from typing import Any

from bus_core.bus import EventBus
from bus_core.event import Event

PROBE = "bus_core.testing: is anybody there?"
HOLD_SECONDS = 30.0

Then = Callable[[Event], Any]


class Inbox:
    """A handler that keeps events, in the order in which it was called, then does as told.

    Probes, with which a test finds out whether a subscription stands, are not kept.
    """

    def __init__(self, bus: EventBus, event_type: str, then: Then | None = None) -> None:
        self.bus = bus
        self.event_type = event_type
        self.events: list[Event] = []
        self.times: list[float] = []
        self.threads: list[int] = []
        self.done: list[Any] = []
        """Payloads whose handling ended without an error."""
        self.reached = threading.Event()
        self._then = then

    def __call__(self, event: Event) -> Any:
        """Handle one event."""
        if event.payload == PROBE:
            self.reached.set()
            return None
        self.times.append(time.monotonic())
        self.threads.append(threading.get_ident())
        self.events.append(event)
        answer = self._then(event) if self._then else None
        self.done.append(event.payload)
        return answer

    @property
    def payloads(self) -> list[Any]:
        """What the events told, one per call."""
        return [event.payload for event in self.events]

    @property
    def ids(self) -> list[str]:
        """The ids of the events, one per call."""
        return [event.id for event in self.events]


class Gate:
    """A handler that does not return before the gate is open."""

    def __init__(self) -> None:
        self._opened = threading.Event()

    def __call__(self, event: Event | None = None) -> None:
        """Wait."""
        if not self._opened.wait(HOLD_SECONDS):
            raise TimeoutError(f"a test left its gate closed before {event}")

    def open(self) -> None:
        """Let everybody through, now and later."""
        self._opened.set()
