"""Everything that `bus_core` raises on purpose: one flat tree under `BusError`.

Each class says through `outcome_known` whether the caller may conclude what became of the event:
`True` means that the broker does not have it, `False` that it may have it.
"""


class BusError(Exception):
    """Base of all errors raised by this library."""

    outcome_known = True


class InvalidName(BusError, ValueError):
    """A name of an event type or a service breaks the rules of `bus_core.names`."""


class InvalidEvent(BusError, ValueError):
    """The event cannot be sent: its payload is not JSON, or it is too large."""


class InvalidURL(BusError, ValueError):
    """`connect` does not know what to do with this URL."""


class UndecodableMessage(BusError, ValueError):
    """A message from the broker is not an event in the wire format."""


class BusClosed(BusError):
    """The bus was closed, so it takes no more events."""


class LoginRefused(BusError):
    """The broker refused the credentials or the virtual host; trying again would not help."""


class AccessRefused(BusError):
    """The credentials do not permit this operation on this object."""


class NotFound(BusError):
    """The exchange or queue does not exist on the broker."""


class PreconditionFailed(BusError):
    """The object exists on the broker with other, immutable properties."""


class NotReady(BusError):
    """The bus did not get to consuming within the time."""


class Unroutable(BusError):
    """The broker found no queue for a message that must reach one."""


class BrokerBlocked(BusError):
    """The broker takes no events while it is short of memory or disk, and the deadline passed."""


class NotSent(BusError):
    """The deadline passed before the event could be handed to the broker."""


class PublishTimeout(BusError):
    """The event was handed to the broker, which did not confirm it before the deadline."""

    outcome_known = False


class PublishRefused(BusError):
    """The broker refused the event (nack), possibly after some queues had taken it."""

    outcome_known = False


class Backpressure(BusError):
    """Too many events wait for the broker already; this one was not accepted."""


class WouldDeadlock(BusError):
    """A blocking call was made on a thread that must never block (I/O thread or event loop)."""
