"""`memory://name`: everybody in this process who says the name gets the same broker."""

import pytest

from bus_core import Event, connect
from bus_core.memory import MemoryBroker, shared, shared_broker
from bus_core.topology import event_exchange


def test_one_name_is_one_broker() -> None:
    assert shared_broker("one") is shared_broker("one")
    assert shared_broker("one") is not shared_broker("two")


def test_a_broker_is_shared_for_a_while() -> None:
    broker = MemoryBroker("mine")
    with shared(broker):
        assert shared_broker("mine") is broker
        with connect("memory://mine", service="submission") as bus:
            bus.publish(Event("exportRequested"))
    assert broker.has_exchange(event_exchange("exportRequested"))
    assert shared_broker("mine") is not broker


def test_a_name_that_is_taken_is_refused() -> None:
    shared_broker("taken")
    with pytest.raises(ValueError, match="memory://taken"), shared(MemoryBroker("taken")):
        pass
