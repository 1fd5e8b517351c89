"""The brokers that all of this process knows by name, for `memory://name`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bus_core.memory.broker import MemoryBroker

_shared: dict[str, MemoryBroker] = {}
_shared_lock = threading.Lock()


def shared_broker(name: str) -> MemoryBroker:
    """Return this process's broker of that name, made on first use."""
    with _shared_lock:
        return _shared.setdefault(name, MemoryBroker(name))


@contextmanager
def shared(broker: MemoryBroker) -> Iterator[None]:
    """Share a broker under its name, for a while. Raises `ValueError` when the name is taken."""
    with _shared_lock:
        if broker.name in _shared:
            raise ValueError(f"this process has a broker memory://{broker.name} already")
        _shared[broker.name] = broker
    try:
        yield
    finally:
        with _shared_lock:
            del _shared[broker.name]
