"""How often and when an event that failed is handled again."""

from collections.abc import Sequence
from dataclasses import dataclass

from bus_core.topology import DEFAULT_DELAYS_MS


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """`attempts` deliveries to the handler at most, `delays_ms` milliseconds between them.

    The last delay repeats when there are more attempts than delays.

    Raises `ValueError` when a value is out of range.
    """

    attempts: int = 10
    delays_ms: tuple[int, ...] = DEFAULT_DELAYS_MS

    def __post_init__(self) -> None:
        object.__setattr__(self, "delays_ms", tuple(self.delays_ms))
        if not 1 <= self.attempts <= 1000:
            raise ValueError("retry attempts must be between 1 and 1000")
        if not self.delays_ms or list(self.delays_ms) != sorted(set(self.delays_ms)):
            raise ValueError("retry delays must be given in milliseconds, rising, at least one")
        if self.delays_ms[0] < 1 or self.delays_ms[-1] > 86_400_000:
            raise ValueError("retry delays must be between 1 ms and one day")

    def delay_after(self, failures: int, wished_ms: int | None = None) -> int | None:
        """Return the delay in milliseconds after this many failures, or `None` to give up.

        `wished_ms` is a delay that the handler asked for: the first step that is long enough is
        taken, or the longest.
        """
        if failures >= self.attempts:
            return None
        if wished_ms is not None:
            return next((step for step in self.delays_ms if step >= wished_ms), self.delays_ms[-1])
        return self.delays_ms[min(max(failures, 1), len(self.delays_ms)) - 1]


def policy_from(attempts: int, delays_ms: Sequence[int]) -> RetryPolicy:
    """Build a policy from stored values."""
    return RetryPolicy(attempts=attempts, delays_ms=tuple(delays_ms))
