"""`TRAFFIC`: what this process answered, for its metrics."""

import threading
import time
from collections import Counter


class Traffic:
    """Counts requests by class of status, and the time that they took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered: Counter[str] = Counter()
        self._seconds = 0.0
        self.since = time.time()
        """When this process began to count, as seconds since the epoch."""

    def count(self, status: int, seconds: float) -> None:
        """Count an answer that took so many seconds."""
        with self._lock:
            self._answered[f"{status // 100}xx"] += 1
            self._seconds += seconds

    @property
    def answered(self) -> dict[str, int]:
        """Answers so far by class of status: `2xx`, `4xx` and so on."""
        with self._lock:
            return dict(sorted(self._answered.items()))

    @property
    def seconds(self) -> float:
        """How many seconds all of them took."""
        return self._seconds


TRAFFIC = Traffic()
