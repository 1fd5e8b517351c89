"""The broker that the settings name."""

from functools import lru_cache

from django.conf import settings

from bus_core.memory import shared_broker
from eventbus_admin.broker.changes import Changes, MemoryChanges
from eventbus_admin.broker.event_exchange import RabbitChanges
from eventbus_admin.broker.interface import Broker
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.broker.rabbitmq import RabbitMQBroker

MOCK = "mock"
MOCK_NAME = "eventbus"


def is_mock() -> bool:
    """Whether the broker is the embedded one, which lives and dies with its server process."""
    return str(settings.EVENTBUS_BACKEND) == MOCK


def current_broker() -> Broker:
    """Return this process's way to the broker; no call is made yet.

    Raises `ImproperlyConfigured` when a URL in the settings cannot be used.
    """
    if is_mock():
        return MockBroker(shared_broker(MOCK_NAME))
    return _rabbitmq(settings.EVENTBUS_MANAGEMENT_URL, settings.EVENTBUS_AMQP_URL)


def current_changes() -> Changes:
    """Return this process's way to hear of changes on the broker; no call is made yet.

    Raises `ImproperlyConfigured` when a URL in the settings cannot be used.
    """
    if is_mock():
        return MemoryChanges(shared_broker(MOCK_NAME))
    return RabbitChanges(
        management_url=settings.EVENTBUS_MANAGEMENT_URL, amqp_url=settings.EVENTBUS_AMQP_URL
    )


@lru_cache(maxsize=1)
def _rabbitmq(management_url: str, amqp_url: str) -> RabbitMQBroker:
    # Kept, because it keeps connections open.
    return RabbitMQBroker(management_url=management_url, amqp_url=amqp_url)
