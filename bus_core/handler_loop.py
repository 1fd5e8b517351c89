"""`HandlerLoop`: the event loop on which a bus's async handlers run, on a thread of its own."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from typing import Any

from bus_core.event import Event

logger = logging.getLogger(__name__)

CANCEL_SECONDS = 5.0
"""So long a cancelled handler may take to end."""


class Abandoned(BaseException):
    """The bus closed before the handler had ended."""


class HandlerLoop:
    """Runs coroutines for threads that wait for them."""

    def __init__(self, name: str) -> None:
        self._lock = threading.Lock()
        self._closing = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_current(self) -> bool:
        """Whether the caller is on the loop's thread."""
        return threading.current_thread() is self._thread

    def bridge(
        self, handler: Callable[[Event], Coroutine[Any, Any, Any]]
    ) -> Callable[[Event], Any]:
        """Return a function for other threads that runs the handler here and waits for it.

        The handler sees the caller's context variables. The function raises what the handler
        does, and `Abandoned` when the loop was closed meanwhile.
        """

        def call(event: Event) -> Any:
            with self._lock:  # what was posted before close() is cancelled by it, not forgotten
                if self._closing:
                    raise Abandoned
                future = asyncio.run_coroutine_threadsafe(handler(event), self._loop)
            try:
                return future.result()
            except CancelledError:
                if self._closing:
                    raise Abandoned from None
                raise

        return call

    def close(self) -> None:
        """Cancel what runs, and end the thread."""
        with self._lock:
            self._closing = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CANCEL_SECONDS + 1)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        while True:
            try:
                self._loop.run_forever()
            except BaseException:
                # Python lets an exit leave the loop at once; here it ends one handler only.
                logger.exception("an async handler tried to end the event loop")
                continue
            break
        try:
            self._cancel_what_runs()
        finally:
            self._loop.close()

    def _cancel_what_runs(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        if tasks:
            waiting = asyncio.wait(tasks, timeout=CANCEL_SECONDS)
            _ended, left = self._loop.run_until_complete(waiting)
            if left:
                logger.warning("%d async handlers did not end when cancelled", len(left))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
