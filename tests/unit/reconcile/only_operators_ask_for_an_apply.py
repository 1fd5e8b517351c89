"""Asking for an apply: who may, what is kept of it, and waiting for it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from bus_core.memory import MemoryBroker
from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile import runs
from eventbus_admin.reconcile.actions import request_apply, wait_until_applied
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, Run, Sync
from eventbus_admin.registry.errors import ActionError

Make = Callable[..., Any]


def test_an_operator_may(operator: User) -> None:
    run = request_apply(actor=Actor.person(operator))
    assert (run.state, run.requested_by, run.names) == ("queued", operator, None)
    assert run.reason == "Asked for by otto"


@pytest.mark.parametrize("who", ["member", "viewer", "stranger"])
def test_others_may_not(who: str, request: pytest.FixtureRequest) -> None:
    person = request.getfixturevalue(who)
    with pytest.raises(NotAllowed, match="Only operators may apply changes to the broker"):
        request_apply(actor=Actor.person(person))
    assert not Run.objects.exists()
    assert not AuditEntry.objects.exists()


def test_it_is_in_the_audit_trail_under_the_runs_id(operator: User) -> None:
    for name in ("event__a", "event__b"):
        BrokerObject.objects.create(
            kind="exchange", name=name, sync=Sync.MISSING, since=timezone.now()
        )
    chosen = ["event__b", "exchange event__a", "event__b"]
    run = request_apply(actor=Actor.person(operator), names=chosen)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.verb, entry.object_kind, entry.object_name, entry.group) == (
        operator,
        "requested",
        "run",
        str(run.pk),
        run.pk,
    )
    assert entry.after == {"names": ["event__b", "exchange event__a"]}


def test_what_the_plan_does_nothing_about_cannot_be_chosen(operator: User) -> None:
    with pytest.raises(ActionError, match="The plan can do nothing about event__x"):
        request_apply(actor=Actor.person(operator), names=["event__x"])
    assert not Run.objects.exists()


def test_its_steps_are_what_differed_at_the_last_look(
    make_subscription: Make, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    memory.delete_queue("dead__s")
    reconcile_once(broker, fence=fence)
    run = request_apply(actor=SYSTEM)
    assert [(one["kind"], one["object"], one["name"], one["result"]) for one in run.steps] == [
        ("create", "binding", "dead__s → dead__s", "pending"),
        ("create", "queue", "dead__s", "pending"),
    ]


@pytest.mark.django_db
def test_the_oldest_run_is_taken_first_and_once() -> None:
    first, second = request_apply(actor=SYSTEM), request_apply(actor=SYSTEM)
    assert [one.pk for one in (runs.claim(), runs.claim()) if one] == [first.pk, second.pk]
    assert runs.claim() is None


@pytest.mark.django_db
def test_waiting_ends_when_the_revision_was_applied() -> None:
    ReconcileState.objects.create(reachable=True, applied_revision=4)
    assert wait_until_applied(4, timeout=0)
    assert not wait_until_applied(5, timeout=0.1)


@pytest.mark.django_db
def test_waiting_ends_at_once_while_the_broker_is_away() -> None:
    ReconcileState.objects.create(reachable=False, error="away")
    assert not wait_until_applied(1, timeout=60)
