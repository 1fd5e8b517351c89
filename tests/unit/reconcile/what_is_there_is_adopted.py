"""The registry takes over what is on the broker, as it is there; the broker is not touched."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core.memory import MemoryBroker, MemoryLink
from bus_core.topology import (
    Binding,
    Queue,
    QueueKind,
    Topology,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)
from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import Team, User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.reconcile.adopting import adopt, adoptions_by_service, what_adopting_means
from eventbus_admin.reconcile.cycle import compare, reconcile_once
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import BrokerObject, Run
from eventbus_admin.reconcile.plan import StepKind
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import EventType, Service, Subscription, SubscriptionState
from eventbus_admin.registry.revision import current_revision
from tests.unit.reconcile.brokers import Wrapped, fill, wrapped

Make = Callable[..., Any]
BEGIN = "consumer__beginMecaExport__meca-exporter"


@pytest.fixture
def broker(memory: MemoryBroker) -> Wrapped:
    return wrapped(memory)


def stranger(kind: QueueKind = QueueKind.QUORUM) -> Topology:
    """What a service declares that nobody registered: two event types, three subscriptions."""
    return merge(
        (
            event_type_topology("beginMecaExport"),
            event_type_topology("cancelMecaExport"),
            event_type_topology("exportRequested"),
            service_topology("meca-exporter", (1000, 60_000)),
            subscription_topology("beginMecaExport", "meca-exporter", kind),
            subscription_topology("cancelMecaExport", "meca-exporter", QueueKind.ORDERED),
            subscription_topology("exportRequested", "meca-exporter", QueueKind.CLASSIC),
        )
    )


@pytest.fixture
def found(
    memory: MemoryBroker, broker: Wrapped, fence: Fence, make_event_type: Make, journals: Team
) -> Fence:
    """A broker where `meca-exporter` was at work before anybody registered it."""
    MemoryLink(memory).declare(stranger())
    make_event_type("exportRequested")
    reconcile_once(broker, fence=fence)
    return fence


def whole_set() -> list[str]:
    rows = BrokerObject.objects.filter(sync="unmanaged", service_name="meca-exporter")
    return [f"{row.kind} {row.name}" for row in rows]


def unmanaged() -> list[str]:
    return list(BrokerObject.objects.filter(sync="unmanaged").values_list("name", flat=True))


def test_a_services_whole_set_at_once(found: Fence, broker: Wrapped, memory: MemoryBroker) -> None:
    fill(memory, BEGIN, 3)
    before, writes = memory.snapshot(), list(broker.writes)
    adoption = adopt(actor=SYSTEM, steps=whole_set(), owner="Journals")
    assert adoption.summary == "1 service, 2 event types, 3 subscriptions"
    assert adoption.left == ()
    assert (memory.snapshot(), broker.writes) == (before, writes), "the broker was touched"

    kinds = dict(Subscription.objects.values_list("event_type__name", "kind"))
    assert kinds == {
        "beginMecaExport": "quorum",
        "cancelMecaExport": "ordered",
        "exportRequested": "classic",
    }
    assert Service.objects.get().owner.name == "Journals"
    assert Subscription.objects.get(kind="quorum").retry_delays_ms == [1000, 60_000]
    assert compare(broker).steps == (), "the next look finds all of it in order"
    reconcile_once(broker, fence=found)
    assert unmanaged() == []
    assert not Run.objects.exists()


def test_what_is_offered_by_service(found: Fence) -> None:
    ((name, adoption),), more = adoptions_by_service(6)
    assert not more
    assert name == "meca-exporter"
    assert adoption.summary == "1 service, 2 event types, 3 subscriptions"
    assert adoption.needs_owner


def test_one_queue_brings_along_what_it_needs(found: Fence, broker: Wrapped) -> None:
    adoption = adopt(actor=SYSTEM, steps=[f"queue {BEGIN}"], owner="Journals")
    assert adoption.summary == "1 service, 1 event type, 1 subscription"
    names = [one.name for one in compare(broker).steps]
    assert BEGIN not in names
    assert "consumer__cancelMecaExport__meca-exporter" in names


def test_an_event_type_alone(found: Fence) -> None:
    adopt(actor=SYSTEM, steps=["event__beginMecaExport"], owner="Journals")
    assert set(EventType.objects.values_list("name", flat=True)) == {
        "beginMecaExport",
        "exportRequested",
    }
    assert not Service.objects.exists()


def test_a_binding_of_ours_stands_for_its_subscription(found: Fence) -> None:
    adopt(actor=SYSTEM, steps=[f"binding event__beginMecaExport → {BEGIN}"], owner="Journals")
    assert str(Subscription.objects.get()) == "beginMecaExport → meca-exporter"


def test_steps_of_the_plan_say_what_can_be_adopted(
    found: Fence, memory: MemoryBroker, broker: Wrapped
) -> None:
    memory.declare_queue(Queue(name="spy"))
    memory.bind(Binding(source="event__beginMecaExport", queue="spy"))
    steps = {f"{one.object} {one.name}": one.step for one in compare(broker).steps}
    assert steps[f"queue {BEGIN}"] is StepKind.ADOPT
    assert steps["exchange event__beginMecaExport"] is StepKind.ADOPT
    assert steps["binding event__beginMecaExport → spy"] is StepKind.UNMANAGED
    assert steps["queue retry__meca-exporter__1000"] is StepKind.UNMANAGED


def test_a_spy_cannot_be_adopted(found: Fence, memory: MemoryBroker, broker: Wrapped) -> None:
    memory.declare_queue(Queue(name="spy"))
    memory.bind(Binding(source="event__exportRequested", queue="spy"))
    reconcile_once(broker, fence=found)
    with pytest.raises(ActionError) as refusal:
        adopt(actor=SYSTEM, steps=["binding event__exportRequested → spy"], owner="Journals")
    assert refusal.value.code == "not_adoptable"
    assert "spy" in refusal.value.message


def test_a_blocked_queue_gives_its_kind_to_the_registry(
    make_subscription: Make, memory: MemoryBroker, broker: Wrapped, fence: Fence
) -> None:
    MemoryLink(memory).declare(
        merge(
            (
                event_type_topology("A"),
                service_topology("s"),
                subscription_topology("A", "s", QueueKind.CLASSIC),
            )
        )
    )
    make_subscription("A", "s", prefetch=7)
    reconcile_once(broker, fence=fence)
    assert BrokerObject.objects.get(kind="queue", name="consumer__A__s").sync == "blocked"

    adoption = adopt(actor=SYSTEM, steps=["queue consumer__A__s"])

    assert adoption.summary == "1 subscription"
    subscription = Subscription.objects.get()
    assert (subscription.kind, subscription.prefetch) == ("classic", 7)
    assert "consumer__A__s" not in [one.name for one in compare(broker).steps]
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.before, entry.after) == (
        "adopted",
        {"kind": "quorum"},
        {"kind": "classic"},
    )


def test_a_queue_of_no_kind_that_we_know_stays_blocked(
    make_subscription: Make, memory: MemoryBroker, broker: Wrapped, fence: Fence
) -> None:
    memory.declare_queue(
        Queue(name="consumer__A__s", arguments={"x-queue-type": "quorum", "x-max-length": 5})
    )
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    with pytest.raises(ActionError) as refusal:
        adopt(actor=SYSTEM, steps=["queue consumer__A__s"])
    assert refusal.value.code == "not_adoptable"


def test_a_retired_subscription_comes_back_as_its_queue_is(
    make_subscription: Make, broker: Wrapped, fence: Fence
) -> None:
    make_subscription("A", "s", kind="ordered")
    reconcile_once(broker, fence=fence)
    Subscription.objects.update(state=SubscriptionState.RETIRED, kind="quorum", prefetch=50)
    reconcile_once(broker, fence=fence)
    adopt(actor=SYSTEM, steps=["queue consumer__A__s"])
    subscription = Subscription.objects.get()
    assert (subscription.state, subscription.kind, subscription.prefetch) == (
        "active",
        "ordered",
        None,
    )
    assert compare(broker).steps == ()


def test_a_retired_event_type_is_active_again(
    make_event_type: Make, broker: Wrapped, fence: Fence
) -> None:
    make_event_type("A")
    reconcile_once(broker, fence=fence)
    EventType.objects.update(lifecycle="retired")
    reconcile_once(broker, fence=fence)
    adopt(actor=SYSTEM, steps=["event__A"], owner="Journals")
    assert EventType.objects.get().lifecycle == "active"


def test_what_is_new_needs_a_team(found: Fence) -> None:
    with pytest.raises(ActionError) as refusal:
        adopt(actor=SYSTEM, steps=[f"queue {BEGIN}"])
    assert (refusal.value.code, refusal.value.field) == ("invalid_owner", "owner")
    assert not Subscription.objects.exists()


def test_what_is_not_there_cannot_be_adopted(found: Fence) -> None:
    with pytest.raises(ActionError, match="There is no queue nowhere to adopt"):
        what_adopting_means(["queue nowhere"])


@pytest.mark.parametrize("who", ["member", "viewer", "stranger"])
def test_only_operators_adopt(who: str, found: Fence, request: pytest.FixtureRequest) -> None:
    revision = current_revision()
    with pytest.raises(NotAllowed, match="Only operators may adopt what is on the broker"):
        adopt(actor=Actor.person(request.getfixturevalue(who)), steps=whole_set(), owner="Journals")
    assert current_revision() == revision
    assert not AuditEntry.objects.exists()


def test_all_of_it_is_one_entry_of_the_audit_trail_each_under_one_id(
    found: Fence, operator: User
) -> None:
    adopt(actor=Actor.person(operator), steps=whole_set(), owner="Journals")
    entries = AuditEntry.objects.all()
    assert {entry.actor for entry in entries} == {operator}
    assert len({entry.group for entry in entries}) == 1
    assert len(entries) == 6
    assert current_revision() == 6
