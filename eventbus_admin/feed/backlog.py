"""`Backlog`: what waits to be written to a database that may be slow or away."""

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import structlog
from django.db import InterfaceError, OperationalError

from eventbus_admin.feed.ring import Ring

BATCH = 500
KEPT = 20_000
RETRY_SECONDS = 2.0

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Backlog(Generic[T]):
    """Writes in order; keeps what could not be written, the newest 20,000, and tries again.

    `write` must bear being called again with what it was called with before.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[list[T]], Any],
        *,
        kept: int = KEPT,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._write = write
        self._now = now
        self._waiting: Ring[T] = Ring(kept)
        self._batch: list[T] = []
        self._retry_at = 0.0
        self._away = False

    @property
    def dropped(self) -> int:
        """How much was given up because the database was away for too long."""
        return self._waiting.dropped

    def add(self, items: list[T]) -> None:
        """Write items, after all that waits already."""
        self._waiting.put_all(items)
        self.flush()

    def flush(self) -> None:
        """Write what waits, unless the database was away a moment ago."""
        while self._now() >= self._retry_at and (self._batch or len(self._waiting)):
            self._batch = self._batch or self._waiting.take(BATCH)
            if not self._written():
                self._retry_at = self._now() + RETRY_SECONDS
                return
            self._batch = []

    def _written(self) -> bool:
        try:
            self._write(self._batch)
        except (OperationalError, InterfaceError) as error:
            if not self._away:
                log.warning("feed.database_away", what=self._name, error=str(error))
            self._away = True
            return False
        if self._away:
            log.info("feed.database_back", what=self._name, lost=self.dropped)
        self._away = False
        return True
