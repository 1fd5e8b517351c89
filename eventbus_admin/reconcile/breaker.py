"""How long a broker that cannot be read is left alone."""

import random
import time
from collections.abc import Callable

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0
LONGEST_ABSENT_SECONDS = 3.0
"""Where nobody answers, asking is a burden to nobody, and finds at once who comes back."""


class Breaker:
    """Lets one look through at a time, with growing pauses between failures.

    The pauses have jitter, so that several installations do not come back at once.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._clock = clock
        self._jitter = jitter
        self._failures = 0
        self._until = 0.0

    @property
    def tripped(self) -> bool:
        """Whether the last look failed."""
        return self._failures > 0

    @property
    def until(self) -> float:
        """When to look again after a failure, on this clock."""
        return self._until

    def failed(self, *, absent: bool) -> None:
        """Note a look that failed; `absent` when nobody was there to answer."""
        longest = LONGEST_ABSENT_SECONDS if absent else LONGEST_SECONDS
        pause = min(longest, FIRST_SECONDS * 2.0 ** min(self._failures, 10))
        self._failures += 1
        self._until = self._clock() + self._jitter(pause / 2, pause)

    def worked(self) -> None:
        """Note a look that saw everything."""
        self._failures = 0
