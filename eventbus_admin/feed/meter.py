"""`Meter`: how many events a second flow."""

import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 5


class Meter:
    """Counts, and says the rate over the last five full seconds and this one."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._counts: deque[tuple[int, int]] = deque(maxlen=WINDOW_SECONDS + 1)

    def add(self, count: int) -> None:
        """Count what flowed just now."""
        second = int(self._now())
        if self._counts and self._counts[-1][0] == second:
            count += self._counts.pop()[1]
        self._counts.append((second, count))

    @property
    def rate(self) -> float:
        """Events a second, to one decimal."""
        now = self._now()
        oldest = int(now) - WINDOW_SECONDS
        recent = sum(count for second, count in self._counts if second >= oldest)
        return round(recent / (now - oldest), 1)
