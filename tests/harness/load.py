"""Publishers under load, and the account of what became of each event."""

import threading
import time
from collections import Counter
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from bus_core import BusError, Event, connect

BURST = 10


class Load:
    """Publishes in bursts on several threads until it is stopped.

    `timeout` (seconds) is the deadline of each event; `returned` holds the ids of the events that
    the broker confirmed, `absent` those that it does not have, `unknown` those that it may have.
    """

    def __init__(self, url: str, event_type: str, *, timeout: float, threads: int = 4) -> None:
        self.returned: list[str] = []
        self.absent: list[str] = []
        self.unknown: list[str] = []
        self.errors: Counter[str] = Counter()
        self.longest = 0.0
        """How many seconds the slowest event took to end, well or not."""
        self._event_type = event_type
        self._timeout = timeout
        self._stop = threading.Event()
        self._bus = connect(url, service="load")
        self._bus.publish(Event(event_type), timeout=30)
        self._threads = [threading.Thread(target=self._publish) for _ in range(threads)]

    def stop(self) -> None:
        """End the load; afterwards every event has ended."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def __str__(self) -> str:
        errors = ", ".join(f"{count} {name}" for name, count in sorted(self.errors.items()))
        return (
            f"{len(self.returned)} published, {len(self.unknown)} of unknown outcome, "
            f"{len(self.absent)} not taken ({errors or 'no errors'}); "
            f"the slowest took {self.longest:.1f} s of {self._timeout:g} s"
        )

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._bus.close()

    def _publish(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            sending: list[tuple[Event, Future[None]]] = []
            for number in range(BURST):
                event = Event(self._event_type, number)
                future = self._bus.publish_soon(event, self._timeout)
                future.add_done_callback(lambda _: self._note(began))  # noqa: B023
                sending.append((event, future))
            for event, future in sending:
                self._book(event.id, future.exception(timeout=self._timeout + 30))

    def _note(self, began: float) -> None:
        self.longest = max(self.longest, time.monotonic() - began)

    def _book(self, event_id: str, error: BaseException | None) -> None:
        if error is None:
            self.returned.append(event_id)
            return
        assert isinstance(error, BusError)
        self.errors[type(error).__name__] += 1
        (self.absent if error.outcome_known else self.unknown).append(event_id)
