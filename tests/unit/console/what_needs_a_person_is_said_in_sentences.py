"""The overview says what is wrong and offers the next step, or that all is quiet."""

from collections.abc import Callable

from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.console.attention import SHOWN, attention
from eventbus_admin.integrators.models import AccessRequest
from eventbus_admin.reconcile.models import Health, ReconcileState, SubscriptionStatus, Sync
from eventbus_admin.registry.models import Subscription
from tests.harness.dead_letters import write_dead_letters


def test_all_is_quiet(
    answering_broker: ReconcileState, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    ReconcileState.objects.update(counts={"in_sync": 9, "unknown": 2})
    assert "All quiet" in signed_in(viewer).get("/").content.decode()


def test_a_sick_subscription_says_what_it_lacks(
    world: Subscription, viewer: User, signed_in: Callable[[User], Client]
) -> None:
    html = signed_in(viewer).get("/").content.decode()
    assert "No worker is running. 3 events wait." in html
    assert 'href="/subscriptions/exportRequested/export-manager/">Start a worker</a>' in html


def test_the_worst_comes_first(
    make_subscription: Callable[..., Subscription], silent_broker: ReconcileState, operator: User
) -> None:
    for name, health in (("a", Health.BACKLOG), ("b", Health.DEAD_LETTERS)):
        SubscriptionStatus.objects.create(
            subscription=make_subscription("exportRequested", name), health=health
        )
    asks = make_subscription("exportRequested", "asks", state="requested")
    AccessRequest.objects.create(
        service=asks.service, event_type=asks.event_type, kind="subscription", reason="Exports."
    )
    needs = attention(operator, silent_broker)
    assert [need.tone for need in needs] == ["bad", "bad", "warn", "warn"]
    assert needs[0].sentence.startswith("The broker cannot be read.")
    assert needs[-1].sentence == "1 request waits for a decision."


def test_what_gave_up_leads_to_its_dead_letters(
    make_subscription: Callable[..., Subscription],
    answering_broker: ReconcileState,
    viewer: User,
    signed_in: Callable[[User], Client],
) -> None:
    subscription = make_subscription("exportRequested", "export-manager")
    SubscriptionStatus.objects.create(subscription=subscription, health=Health.DEAD_LETTERS)
    (need,) = (one for one in attention(viewer, answering_broker) if one.step == "See why")
    write_dead_letters(subscription.service, "exportRequested", error="HTTPError: 503")
    assert "HTTPError" in signed_in(viewer).get(need.url).content.decode()


def test_many_are_counted_instead_of_listed(
    make_subscription: Callable[..., Subscription],
    answering_broker: ReconcileState,
    viewer: User,
) -> None:
    for number in range(SHOWN + 3):
        SubscriptionStatus.objects.create(
            subscription=make_subscription("exportRequested", f"service-{number}"),
            health=Health.NO_CONSUMERS,
        )
    sentences = [need.sentence for need in attention(viewer, answering_broker)]
    assert "3 more subscriptions need a look." in sentences


def test_drift_is_counted_by_state(answering_broker: ReconcileState, viewer: User) -> None:
    answering_broker.counts = {"in_sync": 3, "missing": 2, "unmanaged": 1, "blocked": 0}
    needs = attention(viewer, answering_broker)
    assert [(need.sentence, need.url) for need in needs] == [
        ("2 objects are missing on the broker.", "/drift/?sync=missing"),
        (
            "1 object on the broker is ours by name but not registered.",
            "/drift/?sync=unmanaged",
        ),
    ]


def test_paused_ones_need_nobody(
    make_subscription: Callable[..., Subscription],
    answering_broker: ReconcileState,
    viewer: User,
) -> None:
    answering_broker.counts = {}
    SubscriptionStatus.objects.create(
        subscription=make_subscription("exportRequested", "resting", state="paused"),
        health=Health.DEAD_LETTERS,
        sync=Sync.IN_SYNC,
    )
    assert attention(viewer, answering_broker) == []
