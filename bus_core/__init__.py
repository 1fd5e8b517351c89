"""The event bus for services: publish and consume events on RabbitMQ or an embedded broker.

Everything a service needs is here; it works without Django and without the admin.
"""

from bus_core.bus import EventBus
from bus_core.connecting import connect
from bus_core.errors import (
    AccessRefused,
    Backpressure,
    BrokerBlocked,
    BusClosed,
    BusError,
    InvalidEvent,
    InvalidName,
    InvalidURL,
    LoginRefused,
    NotReady,
    NotSent,
    PublishRefused,
    PublishTimeout,
)
from bus_core.event import Event
from bus_core.middleware import Middleware
from bus_core.outcome import Reject, Retry
from bus_core.retry import RetryPolicy

__all__ = [
    "AccessRefused",
    "Backpressure",
    "BrokerBlocked",
    "BusClosed",
    "BusError",
    "Event",
    "EventBus",
    "InvalidEvent",
    "InvalidName",
    "InvalidURL",
    "LoginRefused",
    "Middleware",
    "NotReady",
    "NotSent",
    "PublishRefused",
    "PublishTimeout",
    "Reject",
    "Retry",
    "RetryPolicy",
    "connect",
]
