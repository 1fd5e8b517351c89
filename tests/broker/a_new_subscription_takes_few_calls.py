"""One new subscription of a service that is there: at most six writes and four reads."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.accounts.models import Team
from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from eventbus_admin.reconcile.cycle import compare
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, SubscriptionStatus
from eventbus_admin.registry.actions.subscriptions import create_subscription
from eventbus_admin.registry.models import Credential, EventType, Service, Subscription
from eventbus_admin.registry.passwords import rabbitmq_hash
from eventbus_admin.registry.revision import bump_revision, current_revision
from tests.harness.meddler import Meddler
from tests.harness.vhosts import Vhost

MOST_WRITES = 6
MOST_READS = 4


@pytest.fixture
def meddler(rabbit: Vhost) -> Iterator[Meddler]:
    with Meddler(rabbit.management_url) as meddler:
        yield meddler


@pytest.fixture
def broker(rabbit: Vhost, meddler: Meddler) -> RabbitMQBroker:
    return RabbitMQBroker(management_url=meddler.url, amqp_url=rabbit.amqp_url)


@pytest.fixture
def reconciler(db: None, broker: RabbitMQBroker) -> Iterator[Reconciler]:
    """A leader for whom the broker is in order: a service that listens to one type of two."""
    team = Team.objects.create(name="Journals")
    service = Service.objects.create(name="meca-exporter", owner=team)
    for name in ("beginMecaExport", "exportRequested"):
        EventType.objects.create(name=name, owner=team)
    Credential.objects.create(
        service=service, slot="a", password_hash=rabbitmq_hash("sesame"), issued=timezone.now()
    )
    create_subscription(actor=SYSTEM, service="meca-exporter", event_type="beginMecaExport")
    leadership = Leadership()
    leadership.renew()
    reconciler = Reconciler(broker=broker, leadership=leadership, compare_seconds=600)
    reconciler.turn()
    assert ReconcileState.objects.get().applied_revision == current_revision()
    yield reconciler
    broker.delete_user("bus__meca-exporter__a")


def test_it_is_written_and_read_back(
    reconciler: Reconciler, broker: RabbitMQBroker, meddler: Meddler
) -> None:
    observed = ReconcileState.objects.get().observed_at
    meddler.forget()

    create_subscription(actor=SYSTEM, service="meca-exporter", event_type="exportRequested")
    reconciler.turn()

    print(f"\n{meddler}: {meddler.calls}")
    assert 0 < len(meddler.writes) <= MOST_WRITES
    assert 0 < len(meddler.reads) <= MOST_READS
    state = ReconcileState.objects.get()
    assert state.applied_revision == current_revision()
    assert state.observed_at == observed
    assert set(SubscriptionStatus.objects.values_list("sync", flat=True)) == {"in_sync"}
    assert set(BrokerObject.objects.values_list("sync", flat=True)) == {"in_sync"}
    assert compare(broker).steps == ()


def test_a_change_that_concerns_no_object_takes_none(
    reconciler: Reconciler, meddler: Meddler
) -> None:
    meddler.forget()
    Subscription.objects.update(prefetch=7)
    bump_revision()
    reconciler.turn()
    assert meddler.calls == []
    assert ReconcileState.objects.get().applied_revision == current_revision()


def test_what_the_last_look_did_not_know_shows_at_the_next(
    reconciler: Reconciler, rabbit: Vhost, broker: RabbitMQBroker
) -> None:
    """The exchange to bind to was deleted a moment ago."""
    rabbit.api("DELETE", "exchanges/{vhost}/event__exportRequested")
    create_subscription(actor=SYSTEM, service="meca-exporter", event_type="exportRequested")
    reconciler.turn()
    binding = "event__exportRequested → consumer__exportRequested__meca-exporter"
    assert BrokerObject.objects.get(name=binding).sync == "missing"
    # A failure calls for a complete look at once.
    reconciler.turn()
    assert BrokerObject.objects.get(name="event__exportRequested").sync == "missing"
    assert ReconcileState.objects.get().applied_revision < current_revision()


def test_nobody_is_removed_by_what_was_seen_before(
    reconciler: Reconciler, meddler: Meddler, broker: RabbitMQBroker
) -> None:
    """A revoked user is taken away after a complete look, not on the strength of the last."""
    Credential.objects.update(password_hash="", revoked=timezone.now())
    bump_revision()
    meddler.forget()
    reconciler.turn()
    methods = [method for method, _ in meddler.calls]
    assert methods[:8] == ["GET"] * 8
    assert broker.observe().users == ()
