"""`Deadline`: asking what may never answer, without waiting for ever."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from django.db import connection

T = TypeVar("T")


class Deadline(Generic[T]):
    """Asks the database on a thread of its own, and waits for a bounded time.

    One question at a time: as long as it is unanswered, whoever asks waits for the same answer, so
    that a database that hangs holds one thread and no more. The connection is a new one each time,
    which is what has to work.
    """

    def __init__(self, ask: Callable[[], T], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = threading.Lock()
        self._running: Future[T] | None = None

    def __call__(self) -> T:
        """Return the answer; raises `TimeoutError`, or what the question raised."""
        if connection.vendor == "sqlite":
            return self._ask()  # a file of ours: there is nobody to wait for
        with self._lock:
            if self._running is None or self._running.done():
                self._running = Future()
                answering = threading.Thread(
                    target=self._answer, args=(self._running,), name="deadline", daemon=True
                )
                answering.start()
            running = self._running
        return running.result(self._seconds)

    def _answer(self, future: "Future[T]") -> None:
        try:
            answer = self._ask()
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            found: Exception | None = error
        else:
            found = None
        finally:
            connection.close()
        if found is None:
            future.set_result(answer)
        else:
            future.set_exception(found)
