"""The embedded broker: AMQP's semantics in this process, for tests and first runs.

It keeps nothing on disk and knows nothing of the bus; `link.py` is the bus's way to it.
"""

from bus_core.memory.broker import MemoryBroker
from bus_core.memory.clock import ManualClock, SystemClock
from bus_core.memory.link import MemoryLink
from bus_core.memory.sharing import shared, shared_broker

__all__ = ["ManualClock", "MemoryBroker", "MemoryLink", "SystemClock", "shared", "shared_broker"]
