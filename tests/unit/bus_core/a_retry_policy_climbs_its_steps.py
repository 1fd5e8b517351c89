"""`RetryPolicy`: how often and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_core.outcome import Retry
from bus_core.retry import RetryPolicy, policy_from

LADDER = RetryPolicy(attempts=5, delays_ms=(1_000, 60_000, 600_000))


@pytest.mark.parametrize(
    ("failures", "delay"),
    [(1, 1_000), (2, 60_000), (3, 600_000), (4, 600_000), (5, None), (9, None)],
)
def test_each_failure_waits_a_step_longer_and_the_last_repeats(
    failures: int, delay: int | None
) -> None:
    assert LADDER.delay_after(failures) == delay


@pytest.mark.parametrize(
    ("wish", "delay"),
    [(1, 1_000), (1_000, 1_000), (1_001, 60_000), (600_000, 600_000), (700_000, 600_000)],
)
def test_a_wish_gets_the_first_step_that_is_long_enough(wish: int, delay: int) -> None:
    assert LADDER.delay_after(1, wish) == delay


def test_a_wish_does_not_lengthen_the_budget() -> None:
    assert LADDER.delay_after(5, 1) is None


@given(
    st.integers(1, 1000),
    st.sets(st.integers(1, 86_400_000), min_size=1),
    st.integers(0, 2000),
    st.none() | st.integers(1, 2**40),
)
def test_a_delay_is_always_one_of_the_steps(
    attempts: int, steps: set[int], failures: int, wish: int | None
) -> None:
    policy = policy_from(attempts, sorted(steps))
    delay = policy.delay_after(failures, wish)
    assert (delay is None) == (failures >= attempts)
    assert delay is None or delay in steps


@pytest.mark.parametrize(
    ("attempts", "delays"),
    [
        (0, (1,)),
        (1001, (1,)),
        (1, ()),
        (1, (0,)),
        (1, (-5, 1)),
        (1, (86_400_001,)),
        (1, (2, 1)),
        (1, (1, 1)),
    ],
)
def test_values_out_of_range_are_refused(attempts: int, delays: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="retry"):
        RetryPolicy(attempts=attempts, delays_ms=delays)


@pytest.mark.parametrize(("delay", "expected"), [(None, None), (0, 1), (0.0004, 1), (1.5, 1_500)])
def test_a_wish_is_given_in_seconds(delay: float | None, expected: int | None) -> None:
    assert Retry(delay).delay_ms == expected
