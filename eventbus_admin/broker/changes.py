"""Hearing of changes on the broker as they happen, where it tells of them. Only ever a hint.

`event_exchange` listens to RabbitMQ, `MemoryChanges` to the embedded broker.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from bus_core.memory import MemoryBroker
from bus_core.topology import parse_name
from eventbus_admin.broker.users import user_of

_PASSING = frozenset({"tap", "tail"})
"""Queues of processes that come and go, our own among them."""


class Hearing(StrEnum):
    """Whether we hear of changes."""

    UNKNOWN = "unknown"
    ON = "on"
    OFF = "off"
    """The broker tells nobody."""
    REFUSED = "refused"
    """It tells, but not us."""


@dataclass(frozen=True)
class Finding:
    """Whether we hear of changes, and when we do not a sentence that says what to do."""

    hearing: Hearing
    message: str = ""


HEARS = Finding(Hearing.ON)


class Listening(Protocol):
    """One time of listening."""

    def look(self) -> Finding:
        """Return whether it hears anything now; may ask the broker, and wait for it."""

    def close(self) -> None:
        """End it."""


class Changes(Protocol):
    """A broker's way to tell of changes."""

    def listen(self, heard: Callable[[], None]) -> Listening:
        """Call `heard`, which must not wait, whenever something of ours changed.

        Raises `NotTold` when this broker tells nobody, another `BrokerError` when it is away.
        """


def is_ours(name: str) -> bool:
    """Whether an object's name is one that the registry is about."""
    own = parse_name(name)
    return own is not None and own.role not in _PASSING


def concerns_us(key: str, told: Mapping[str, Any], vhost: str) -> bool:
    """Whether what RabbitMQ tells under this routing key may be about something of ours.

    Users belong to the whole broker, everything else to a virtual host.
    """
    kind = key.partition(".")[0]
    if kind == "user":
        return user_of(str(told.get("name")), vhost) is not None
    if told.get("vhost") != vhost:
        return False
    match kind:
        case "queue" | "exchange":
            return is_ours(str(told.get("name")))
        case "binding":
            # As in `reconcile/ownership.py`: a watcher's own bindings are nobody's business.
            destination = str(told.get("destination_name"))
            own = parse_name(destination)
            passing = own is not None and own.role in _PASSING
            return not passing and (is_ours(destination) or is_ours(str(told.get("source_name"))))
        case "permission":
            return user_of(str(told.get("user")), vhost) is not None
    return kind == "policy"


class MemoryChanges:
    """The embedded broker tells everybody in its process."""

    def __init__(self, memory: MemoryBroker) -> None:
        self._memory = memory

    def listen(self, heard: Callable[[], None]) -> Listening:
        """Begin to listen."""

        def watch(name: str) -> None:
            own = parse_name(name)
            if own is None or own.role not in _PASSING:
                heard()

        return _MemoryListening(self._memory.on_change(watch))


class _MemoryListening:
    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop

    def look(self) -> Finding:
        """Say that it hears: nothing can come between."""
        return HEARS

    def close(self) -> None:
        """End it."""
        self._stop()
