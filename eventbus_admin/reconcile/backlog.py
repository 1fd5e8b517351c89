"""Which queues grow: the memory of the last few looks."""

from collections import deque
from collections.abc import Mapping
from itertools import pairwise

LOOKS = 4
AT_LEAST = 10


class Backlog:
    """Ready messages per queue at the last looks, `spacing` seconds apart at least.

    A queue grows when it never shrank over four looks, grew over all of them, and holds ten
    messages or more: a handful coming and going is no news.
    """

    def __init__(self, spacing: float) -> None:
        self._spacing = spacing
        self._looked_at: float | None = None
        self._ready: dict[str, deque[int]] = {}

    def note(self, at: float, ready: Mapping[str, int]) -> None:
        """Remember a look at `at` (monotonic seconds), unless the last was just before."""
        if self._looked_at is not None and at - self._looked_at < self._spacing:
            return
        self._looked_at = at
        known = self._ready
        self._ready = {name: known.get(name, deque(maxlen=LOOKS)) for name in ready}
        for name, count in ready.items():
            self._ready[name].append(count)

    def growing(self) -> frozenset[str]:
        """Return the queues that grow."""
        return frozenset(name for name, counts in self._ready.items() if _grows(list(counts)))


def _grows(counts: list[int]) -> bool:
    return (
        len(counts) == LOOKS
        and counts[-1] >= AT_LEAST
        and counts[-1] > counts[0]
        and all(later >= earlier for earlier, later in pairwise(counts))
    )
