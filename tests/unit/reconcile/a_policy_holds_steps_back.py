"""How far an installation goes: observe, create, sync."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from bus_core import topology
from bus_core.memory import MemoryBroker
from bus_core.topology import Policy
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.reconcile.actions import request_apply, wait_until_applied
from eventbus_admin.reconcile.cycle import compare, reconcile_once
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState
from eventbus_admin.reconcile.plan import StepKind
from eventbus_admin.reconcile.policy import Apply, ApplyAll, is_held_back, said
from eventbus_admin.reconcile.stored_plan import applicable, is_applicable
from eventbus_admin.registry.actions.subscriptions import create_subscription
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Credential
from eventbus_admin.registry.passwords import rabbitmq_hash
from eventbus_admin.registry.revision import current_revision
from tests.unit.reconcile.brokers import Wrapped, wrapped

Make = Callable[..., Any]
OWN = topology.consumer_policy()


@pytest.fixture
def broker(memory: MemoryBroker) -> Wrapped:
    return wrapped(memory)


def differ(memory: MemoryBroker) -> None:
    memory.put_policy(Policy(name=OWN.name, pattern="^x", definition=OWN.definition))


# -- observe -------------------------------------------------------------------------------------


def test_observe_applies_nothing_by_itself(
    make_subscription: Make, broker: Wrapped, fence: Fence, settings: Any
) -> None:
    settings.EVENTBUS_APPLY = "observe"
    settings.EVENTBUS_SELF_HEAL = True
    make_subscription("A", "s")
    done = reconcile_once(broker, fence=fence)
    assert (broker.writes, done.results, done.applied) == ([], (), False)
    assert set(BrokerObject.objects.values_list("sync", flat=True)) == {"missing"}


def test_under_observe_people_still_apply(
    make_subscription: Make, broker: Wrapped, fence: Fence, settings: Any
) -> None:
    settings.EVENTBUS_APPLY = "observe"
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    run = request_apply(actor=SYSTEM)
    assert run.total == applicable().count() > 0
    done = reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert done.applied
    assert compare(broker).steps == ()


def test_under_observe_nobody_waits_for_what_does_not_come(
    make_event_type: Make, make_service: Make, settings: Any
) -> None:
    settings.EVENTBUS_APPLY = "observe"
    make_event_type("A")
    make_service("s")
    ReconcileState.objects.create(reachable=True)
    create_subscription(actor=SYSTEM, service="s", event_type="A")
    assert not wait_until_applied(current_revision(), timeout=60)


# -- create --------------------------------------------------------------------------------------


def test_create_makes_what_is_missing_and_holds_back_changes(
    make_subscription: Make, memory: MemoryBroker, broker: Wrapped, fence: Fence, settings: Any
) -> None:
    settings.EVENTBUS_APPLY = "create"
    differ(memory)
    make_subscription("A", "s")
    done = reconcile_once(broker, fence=fence)
    assert memory.has_queue("consumer__A__s")
    assert OWN.name not in broker.writes
    assert done.applied, "what is held back is no reason to say that the rest is not there"
    row = BrokerObject.objects.get(name=OWN.name)
    assert row.sync == "differs"
    assert row.message == (
        "eventbus-consumers differs: pattern should be ^consumer__, is ^x. Held back: this "
        "installation only creates what is missing (EVENTBUS_APPLY is create)."
    )
    assert not is_applicable(row)
    assert not applicable().exists()


def test_create_holds_back_people_too(
    memory: MemoryBroker, broker: Wrapped, fence: Fence, settings: Any
) -> None:
    settings.EVENTBUS_APPLY = "create"
    differ(memory)
    reconcile_once(broker, fence=fence)
    with pytest.raises(ActionError, match="The plan can do nothing about eventbus-consumers"):
        request_apply(actor=SYSTEM, names=[OWN.name])
    broker.writes.clear()
    assert reconcile_once(broker, fence=fence, policy=ApplyAll()).results == ()
    assert broker.writes == []


def test_under_create_drift_that_is_missing_still_waits_for_a_person(
    make_subscription: Make, memory: MemoryBroker, broker: Wrapped, fence: Fence, settings: Any
) -> None:
    settings.EVENTBUS_APPLY = "create"
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    memory.delete_queue("dead__s")
    reconcile_once(broker, fence=fence)
    assert not memory.has_queue("dead__s")
    assert request_apply(actor=SYSTEM, names=["queue dead__s"]).total == 1


# -- sync ----------------------------------------------------------------------------------------


def test_sync_changes_what_is_asked_for(
    memory: MemoryBroker, broker: Wrapped, fence: Fence, settings: Any
) -> None:
    settings.EVENTBUS_APPLY = "sync"
    differ(memory)
    assert reconcile_once(broker, fence=fence).applied
    assert broker.observe().policies == (OWN,)


# -- users whose credentials were revoked --------------------------------------------------------


@pytest.fixture
def revoked(make_service: Make, memory: MemoryBroker, broker: Wrapped, fence: Fence) -> str:
    """A user who is on the broker and was revoked in the registry."""
    service = make_service("s")
    secret = rabbitmq_hash("s3cret")
    credential = Credential.objects.create(
        service=service, slot="a", password_hash=secret, issued=timezone.now()
    )
    reconcile_once(broker, fence=fence)
    credential.password_hash = ""
    credential.save()
    return credential.user


def users(broker: Wrapped) -> set[str]:
    return {one.name for one in broker.observe().users or ()}


@pytest.mark.parametrize(
    ("apply", "stays"), [("observe", True), ("create", False), ("sync", False)]
)
def test_a_revoked_user_goes_unless_nothing_does(
    apply: str, stays: bool, revoked: str, broker: Wrapped, fence: Fence, settings: Any
) -> None:
    settings.EVENTBUS_APPLY = apply
    assert revoked in users(broker)
    reconcile_once(broker, fence=fence)
    assert (revoked in users(broker)) is stays
    if stays:
        assert request_apply(actor=SYSTEM, names=[f"user {revoked}"]).total == 1


@pytest.mark.parametrize("apply", list(Apply))
def test_people_are_told_which_holds(apply: Apply) -> None:
    words = said(apply, heals=False)
    assert words.endswith(".")
    if apply is not Apply.SYNC:
        assert f"EVENTBUS_APPLY is {apply}" in words
        assert "revoked" in words


def test_who_is_never_held_back() -> None:
    held = {
        (apply, step, kind)
        for apply in Apply
        for step in StepKind
        for kind in ("user", "queue")
        if is_held_back(step, kind, apply)
    }
    assert held == {
        (Apply.CREATE, StepKind.CHANGE, "user"),
        (Apply.CREATE, StepKind.CHANGE, "queue"),
        (Apply.CREATE, StepKind.DELETE, "queue"),
    }
