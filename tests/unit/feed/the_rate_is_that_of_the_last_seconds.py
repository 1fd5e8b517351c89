"""How many events a second flow, as the meter line says."""

import pytest

from eventbus_admin.feed.meter import Meter


class Clock:
    """Time that a test moves."""

    now = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


def test_a_steady_flow_has_its_rate(clock: Clock) -> None:
    meter = Meter(clock)
    for _ in range(200):
        clock.now += 0.1
        meter.add(1)
        assert meter.rate < 10.5

    assert meter.rate > 9.5


def test_a_burst_is_forgotten(clock: Clock) -> None:
    meter = Meter(clock)
    meter.add(500)
    assert meter.rate == 100
    clock.now += 6
    assert meter.rate == 0


def test_nothing_is_nothing(clock: Clock) -> None:
    assert Meter(clock).rate == 0
