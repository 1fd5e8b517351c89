"""A subscription says that events wait for a person, wherever they are kept."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bus_core.link import ConsumeOptions
from bus_core.memory import MemoryBroker, MemoryLink
from bus_core.topology import consumer_queue
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.models import SubscriptionStatus
from eventbus_admin.registry.models import Subscription
from tests.harness.dead_letters import write_dead_letters

TYPE, SERVICE = "beginMecaExport", "meca-exporter"


@pytest.fixture
def look(make_subscription: Callable[..., Subscription]) -> Callable[[], SubscriptionStatus]:
    """Look at a broker where this subscription has a worker."""

    subscription = make_subscription(TYPE, SERVICE)
    memory = MemoryBroker()
    broker, leadership = MockBroker(memory), Leadership()
    fence = leadership.renew()
    reconcile_once(broker, fence=fence)
    link = MemoryLink(memory)
    link.consume(ConsumeOptions(queue=consumer_queue(TYPE, SERVICE)), lambda _delivery: None)

    def ask() -> SubscriptionStatus:
        reconcile_once(broker, fence=fence)
        return SubscriptionStatus.objects.get(subscription=subscription)

    return ask


def test_it_counts_what_the_admin_keeps(look: Callable[[], SubscriptionStatus]) -> None:
    assert look().health == "healthy"
    service = Subscription.objects.get().service
    write_dead_letters(service, TYPE)
    status = look()
    assert (status.health, status.message) == (
        "dead_letters",
        "meca-exporter gave up 1 event, which waits for a person under Dead letters.",
    )
    write_dead_letters(service, TYPE, number=30)
    write_dead_letters(service, TYPE, state="handled")
    write_dead_letters(service, "another")
    assert look().message == (
        "meca-exporter gave up 31 events, which wait for a person under Dead letters."
    )


def test_it_takes_as_many_queries_for_many(look: Callable[[], SubscriptionStatus]) -> None:
    service = Subscription.objects.get().service
    write_dead_letters(service, TYPE)
    look()
    with CaptureQueriesContext(connection) as few:
        look()
    write_dead_letters(service, TYPE, number=200)
    look()
    with CaptureQueriesContext(connection) as many:
        look()
    assert len(many) == len(few)
