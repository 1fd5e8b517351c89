"""While a run goes, its row says how far it is; afterwards the audit trail says who did what."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core import topology
from bus_core.memory import MemoryBroker
from bus_core.topology import Policy
from eventbus_admin.accounts.actor import SYSTEM, Actor
from eventbus_admin.accounts.models import User
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.broker.errors import BrokerRefused
from eventbus_admin.reconcile import runs
from eventbus_admin.reconcile.actions import request_apply
from eventbus_admin.reconcile.apply import StepResult
from eventbus_admin.reconcile.cycle import compare, reconcile_once
from eventbus_admin.reconcile.lease import Fence, Leadership, LeaseLost
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import Lease, Run
from eventbus_admin.registry.actions import issue_credential
from eventbus_admin.registry.revision import bump_revision
from tests.unit.reconcile.brokers import Wrapped, wrapped

Make = Callable[..., Any]


@pytest.fixture
def broker(memory: MemoryBroker) -> Wrapped:
    return wrapped(memory)


@pytest.fixture
def leadership(db: None) -> Leadership:
    leadership = Leadership()
    leadership.renew()
    return leadership


@pytest.fixture
def fence(leadership: Leadership) -> Fence:
    assert leadership.fence is not None
    return leadership.fence


@pytest.fixture
def reconciler(broker: Wrapped, leadership: Leadership) -> Reconciler:
    return Reconciler(broker=broker, leadership=leadership, compare_seconds=3600)


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def asked(
    make_subscription: Make, broker: Wrapped, fence: Fence, operator: User, settings: Any
) -> Run:
    """Somebody asked for all that A → s takes."""
    settings.EVENTBUS_APPLY = "observe"
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    return request_apply(actor=Actor.person(operator))


def test_progress_is_stored_at_most_every_half_second(
    asked: Run, broker: Wrapped, fence: Fence
) -> None:
    clock = Clock()
    progress = runs.Progress(asked, fence, clock)
    seen = []
    for item in compare(broker).applicable[:6]:
        clock.now += 0.2
        progress(StepResult(item))
        seen.append(Run.objects.get(pk=asked.pk).done)
    assert seen == [0, 0, 3, 3, 3, 6]


def test_the_run_is_told_of_each_step_as_it_ends(
    asked: Run, reconciler: Reconciler, broker: Wrapped, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.delete()
    # So few that they are done on this thread, whose database is the test's.
    run = request_apply(actor=SYSTEM, names=["event__A", "service__s", "eventbus-consumers"])
    monkeypatch.setattr(runs, "STORE_SECONDS", 0.0)
    seen = []

    def ask(_name: str) -> None:
        seen.append(Run.objects.get(pk=run.pk).done)

    broker.refuse = ask
    reconciler.turn()
    run.refresh_from_db()
    assert (run.state, run.done, run.total) == ("done", 3, 3)
    assert seen == [0, 1, 2]


def test_an_overtaken_leader_stores_no_progress(
    asked: Run, broker: Wrapped, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "STORE_SECONDS", 0.0)
    progress = runs.Progress(asked, fence)
    Lease.objects.update(holder="another", fence=fence.number + 1)
    with pytest.raises(LeaseLost):
        progress(StepResult(compare(broker).applicable[0]))
    assert Run.objects.get(pk=asked.pk).done == 0


def test_each_step_is_in_the_audit_trail_under_the_runs_id(
    asked: Run, reconciler: Reconciler, broker: Wrapped, operator: User
) -> None:
    broker.refuse = lambda name: BrokerRefused("No.") if name == "consumer__A__s" else None
    reconciler.turn()
    entries = AuditEntry.objects.filter(group=asked.pk).exclude(object_kind="run")
    assert entries.count() == asked.total
    assert {(one.actor, one.actor_name) for one in entries} == {(operator, "otto")}
    made = entries.get(object_kind="exchange", object_name="event__A")
    assert (made.verb, made.before, made.after["type"]) == ("created", None, "fanout")
    failed = entries.get(object_kind="queue", object_name="consumer__A__s")
    assert failed.verb == "failed to create"


def test_what_the_loop_does_by_itself_is_in_it_too(
    make_subscription: Make, memory: MemoryBroker, reconciler: Reconciler
) -> None:
    own = topology.consumer_policy()
    memory.put_policy(Policy(name=own.name, pattern="^x", definition=own.definition))
    make_subscription("A", "s")
    bump_revision()
    reconciler.turn()
    run = Run.objects.get()
    entries = AuditEntry.objects.filter(group=run.pk)
    assert entries.count() == run.total
    assert set(entries.values_list("actor_name", flat=True)) == {"system"}
    changed = entries.get(object_kind="policy")
    assert (changed.verb, changed.before["pattern"], changed.after["pattern"]) == (
        "changed",
        "^x",
        "^consumer__",
    )


def test_users_are_in_it_without_anything_secret(
    make_service: Make, reconciler: Reconciler, operator: User
) -> None:
    issued = issue_credential(actor=Actor.person(operator), service=make_service("s"))
    reconciler.turn()
    entry = AuditEntry.objects.get(object_kind="user", verb="created")
    assert entry.after["credentials"].startswith("fingerprint ")
    assert issued.credential.password_hash not in str(entry.after)


def test_hundreds_of_steps_take_few_queries(
    make_event_type: Make, reconciler: Reconciler, django_assert_max_num_queries: Any
) -> None:
    for number in range(400):
        make_event_type(f"T{number}")
    with django_assert_max_num_queries(60):
        reconciler.turn()
    assert AuditEntry.objects.count() == 402
