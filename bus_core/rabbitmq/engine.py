"""The I/O thread: one event loop on which all of a link's AMQP work happens."""

import logging
import threading
from collections.abc import Callable

from pika.adapters.select_connection import IOLoop

logger = logging.getLogger(__name__)

STOP_SECONDS = 5.0


class Engine:
    """A daemon thread that runs pika's event loop."""

    def __init__(self, name: str) -> None:
        self.loop = IOLoop()
        self.ending = False
        """Whether its connections are being closed, after which an error concerns nobody."""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_current(self) -> bool:
        """Whether the caller is on the I/O thread."""
        return threading.current_thread() is self._thread

    def call_later(self, delay: float, callback: Callable[[], None]) -> object:
        """Call back after `delay` seconds; I/O thread only."""
        return self.loop.call_later(delay, callback)

    def cancel(self, timer: object) -> None:
        """Forget a timer; I/O thread only."""
        self.loop.remove_timeout(timer)

    def run_soon(self, callback: Callable[[], None]) -> None:
        """Call back on the I/O thread; from any thread."""
        self.loop.add_callback_threadsafe(callback)

    def stop(self) -> None:
        """End the thread; what was posted before still runs."""
        self.run_soon(self.loop.stop)
        if not self.is_current:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                self.loop.start()
            except Exception:
                # One faulty callback may not end all of a service's traffic. At the end there are
                # some of pika's own: it trips over a connection that is closed while it is made.
                level = logging.DEBUG if self.ending else logging.ERROR
                logger.log(level, "an error on the connection's thread", exc_info=True)
                continue
            break
        self.loop.close()


class Signal:
    """Wakes the I/O thread for one purpose; a burst of calls costs one wake-up."""

    def __init__(self, engine: Engine, callback: Callable[[], None]) -> None:
        self._engine = engine
        self._callback = callback
        self._pending = False

    def __call__(self) -> None:
        """See to it that the callback runs soon; from any thread."""
        if not self._pending:
            self._pending = True
            self._engine.run_soon(self._fire)

    def _fire(self) -> None:
        # Cleared first: what is posted from here on wakes the thread again.
        self._pending = False
        self._callback()
