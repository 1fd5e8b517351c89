"""An embedded broker, its management, and a leader's fence."""

import pytest

from bus_core.memory import MemoryBroker
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile.lease import Fence, Leadership


@pytest.fixture
def memory() -> MemoryBroker:
    """The embedded broker itself, to go behind our back."""
    return MemoryBroker()


@pytest.fixture
def broker(memory: MemoryBroker) -> MockBroker:
    """Its management."""
    return MockBroker(memory)


@pytest.fixture
def fence(db: None) -> Fence:
    """Proof of leading."""
    found = Leadership().renew()
    assert found is not None
    return found
