"""The management API fails, is slow, breaks off or leaves half of it out: nothing is done about it.

Everything is unknown at once, nothing is written, and all is known again when it behaves.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from bus_core.topology import Queue
from eventbus_admin.accounts.models import Team
from eventbus_admin.broker import client
from eventbus_admin.broker.rabbitmq import RabbitMQBroker
from eventbus_admin.reconcile.breaker import LONGEST_SECONDS
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import BrokerObject, Lease, ReconcileState, SubscriptionStatus
from eventbus_admin.registry.models import Credential, EventType, Service, Subscription
from eventbus_admin.registry.passwords import rabbitmq_hash
from eventbus_admin.registry.revision import bump_revision
from tests.harness.meddler import Meddler, Misdeed
from tests.harness.vhosts import Vhost
from tests.unit.reconcile.clock import Clock

EVERY_LOOK = (
    "overview",
    "queues/",
    "bindings/",
    "exchanges/",
    "policies/",
    "consumers/",
    "users",
    "vhosts/",
)
LISTS_WITH_A_WITNESS = ("queues/", "bindings/", "exchanges/", "policies/")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meddler(rabbit: Vhost) -> Iterator[Meddler]:
    with Meddler(rabbit.management_url) as meddler:
        yield meddler


@pytest.fixture
def start(
    db: None, rabbit: Vhost, meddler: Meddler, clock: Clock
) -> Iterator[Callable[[], Reconciler]]:
    """Lead anew, as a process that has just started; the registry asks for two subscriptions."""
    team = Team.objects.create(name="Journals")
    service = Service.objects.create(name="meca-exporter", owner=team)
    for name in ("beginMecaExport", "exportRequested"):
        event_type = EventType.objects.create(name=name, owner=team)
        Subscription.objects.create(event_type=event_type, service=service)
    Credential.objects.create(
        service=service, slot="a", password_hash=rabbitmq_hash("sesame"), issued=timezone.now()
    )

    def lead() -> Reconciler:
        leadership = Leadership()
        leadership.renew()
        broker = RabbitMQBroker(management_url=meddler.url, amqp_url=rabbit.amqp_url)
        broker.declare_queue(Queue(name="orders"))
        reconciler = Reconciler(
            broker=broker, leadership=leadership, compare_seconds=5, clock=clock
        )
        reconciler.turn()
        return reconciler

    yield lead
    RabbitMQBroker(management_url=rabbit.management_url, amqp_url=rabbit.amqp_url).delete_user(
        "bus__meca-exporter__a"
    )


def check_unknown() -> None:
    state = ReconcileState.objects.get()
    assert not state.reachable, "it was believed"
    assert set(SubscriptionStatus.objects.values_list("sync", "health")) == {("unknown", "unknown")}
    assert set(BrokerObject.objects.values_list("sync", flat=True)) == {"unknown"}


def check_in_order() -> None:
    assert set(BrokerObject.objects.values_list("sync", flat=True)) == {"in_sync"}
    assert set(SubscriptionStatus.objects.values_list("sync", flat=True)) == {"in_sync"}


@pytest.mark.parametrize(
    ("misdeed", "places"),
    [
        (Misdeed.FAILS, EVERY_LOOK),
        (Misdeed.CUTS, EVERY_LOOK),
        (Misdeed.RESHAPES, EVERY_LOOK),
        (Misdeed.HALVES, LISTS_WITH_A_WITNESS),
    ],
)
def test_nothing_is_done_and_all_is_known_again(
    start: Callable[[], Reconciler],
    meddler: Meddler,
    rabbit: Vhost,
    clock: Clock,
    misdeed: Misdeed,
    places: tuple[str, ...],
) -> None:
    reconciler = start()
    check_in_order()
    before = rabbit.api("GET", "definitions/{vhost}")
    meddler.forget()
    for place in places:
        meddler.misbehave(misdeed, place)
        reconciler.wake()
        reconciler.turn()
        check_unknown()
        bump_revision()  # somebody changes the registry meanwhile
        reconciler.turn()
        clock.now += LONGEST_SECONDS
        meddler.behave()
        reconciler.turn()
        check_in_order()
    print(f"\n{misdeed.value}, {len(places)} places: {meddler}")
    assert meddler.meddled >= len(places)
    assert meddler.writes == []
    assert rabbit.api("GET", "definitions/{vhost}") == before


def test_half_a_list_is_not_believed_at_the_first_look_either(
    start: Callable[[], Reconciler], meddler: Meddler
) -> None:
    start()
    for place in LISTS_WITH_A_WITNESS:
        Lease.objects.all().delete()
        meddler.misbehave(Misdeed.HALVES, place)
        meddler.forget()
        start()
        check_unknown()
        assert [call for call in meddler.writes if "orders" not in call[1]] == []
        meddler.behave()


def test_an_api_that_hangs_is_given_up_and_left_alone(
    start: Callable[[], Reconciler],
    meddler: Meddler,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 0.3)
    reconciler = start()
    meddler.misbehave(Misdeed.HANGS, "queues/")
    reconciler.wake()
    reconciler.turn()
    check_unknown()
    meddler.forget()
    for _ in range(5):
        bump_revision()
        reconciler.wake()
        reconciler.turn()
    assert meddler.calls == []
    meddler.behave()
    clock.now += LONGEST_SECONDS
    reconciler.turn()
    check_in_order()


def test_pauses_grow_while_it_fails(
    start: Callable[[], Reconciler], meddler: Meddler, clock: Clock
) -> None:
    """Within five minutes of failing it is asked a dozen times, not sixty."""
    reconciler = start()
    meddler.misbehave(Misdeed.FAILS, "overview")
    meddler.forget()
    for _ in range(600):
        clock.now += 0.5
        reconciler.turn()
    asked = sum(path == "overview" for _method, path in meddler.calls)
    print(f"\nasked {asked} times in 300 s")
    assert 8 <= asked <= 25
    meddler.behave()
    clock.now += LONGEST_SECONDS
    reconciler.turn()
    check_in_order()


def test_a_few_wrong_answers_while_applying_are_made_up_for(
    start: Callable[[], Reconciler], meddler: Meddler, clock: Clock, rabbit: Vhost
) -> None:
    """What was written cannot be read back: unknown; later it is found to be there."""
    reconciler = start()
    team = Team.objects.get()
    event_type = EventType.objects.create(name="third", owner=team)
    service: Any = Service.objects.get()
    Subscription.objects.create(event_type=event_type, service=service)
    bump_revision()
    meddler.forget()
    meddler.misbehave(Misdeed.FAILS)
    reconciler.turn()
    check_unknown()
    written = len(meddler.writes)
    assert written > 0
    meddler.behave()
    clock.now += LONGEST_SECONDS
    reconciler.turn()
    check_in_order()
    assert len(meddler.writes) == written
