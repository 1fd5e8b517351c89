"""The pytest fixtures of the testing kit. Switch them on in the `conftest.py` of your tests:

pytest_plugins = ["bus_core.testing.fixtures"]
"""

from collections.abc import Iterator

import pytest

from bus_core.memory import ManualClock
from bus_core.testing.memory_bus import MemoryBus


@pytest.fixture
def clock() -> ManualClock:
    """The time of `memory_bus`, which stands still until `clock.advance(seconds)`."""
    return ManualClock()


@pytest.fixture
def memory_bus(clock: ManualClock) -> Iterator[MemoryBus]:
    """An event bus of this test's own, in this process; see `bus_core.testing.MemoryBus`."""
    with MemoryBus(clock) as bus:
        yield bus
