"""`HandlerWatch`: sees what handlers do while they are tested: which run, and what they raise."""

import functools
import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bus_core.bus import EventBus, Handler
from bus_core.event import Event
from bus_core.outcome import Reject, Retry


@dataclass(frozen=True)
class HandlerError:
    """An error that a handler raised, other than `Reject` and `Retry`, which it raises on purpose.

    `service` is whose handler it was, `event` what it was handling.
    """

    service: str
    event: Event
    error: BaseException

    def __str__(self) -> str:
        what = f"{type(self.error).__name__}: {self.error}"
        return f"{self.service}'s handler of {self.event.type} raised {what}"


class HandlerWatch:
    """What the handlers of any number of buses do."""

    def __init__(self) -> None:
        self.errors: list[HandlerError] = []
        self._running: list[str] = []
        self._lock = threading.Lock()

    @property
    def running(self) -> list[str]:
        """The services whose handlers run now, once for each handler."""
        with self._lock:
            return list(self._running)

    def watch(self, bus: EventBus) -> None:
        """Watch the handlers that a bus has; before it is started."""
        for spec in bus.subscriptions:
            # Frozen for everybody else: nobody but us changes a handler that is registered.
            object.__setattr__(spec, "handler", self._watched(bus.service, spec.handler))

    def _watched(self, service: str, handler: Handler) -> Handler:
        if inspect.iscoroutinefunction(handler):

            @functools.wraps(handler)
            async def call_async(event: Event) -> Any:
                with self._watching(service, event):
                    return await handler(event)

            return call_async

        @functools.wraps(handler)
        def call(event: Event) -> Any:
            with self._watching(service, event):
                return handler(event)

        return call

    @contextmanager
    def _watching(self, service: str, event: Event) -> Iterator[None]:
        with self._lock:
            self._running.append(service)
        try:
            yield
        except (Reject, Retry):
            raise
        except BaseException as error:
            with self._lock:
                self.errors.append(HandlerError(service, event, error))
            raise
        finally:
            with self._lock:
                self._running.remove(service)
