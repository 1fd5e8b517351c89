"""One round: observe, plan, apply, observe again, store. `loop` repeats it, commands call it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.conf import settings

from eventbus_admin.broker.errors import BrokerError
from eventbus_admin.broker.interface import Broker, Observation
from eventbus_admin.reconcile import sentences, store
from eventbus_admin.reconcile.apply import StepResult, apply_steps, verified
from eventbus_admin.reconcile.backlog import Backlog
from eventbus_admin.reconcile.desired import Wishes, access_of, read_registry, topology_of
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.objects import Key
from eventbus_admin.reconcile.ownership import only_ours
from eventbus_admin.reconcile.plan import Item, Plan, make_plan
from eventbus_admin.reconcile.policy import (
    ApplyAll,
    ApplyPolicy,
    ApplyWishes,
    Established,
    is_drift,
    is_empty,
)
from eventbus_admin.reconcile.status import statuses
from eventbus_admin.reconcile.waiting import waiting_dead_letters

_EMPTY = Plan()


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one round found and did."""

    wishes: Wishes
    before: Plan = _EMPTY
    """The differences found first."""
    plan: Plan = _EMPTY
    """How things stand at the end."""
    established: Established = field(default_factory=dict)
    """What was in order once at this broker."""
    seen: Observation | None = None
    """The broker at the end; `None` when it could not be read."""
    results: tuple[StepResult, ...] = ()
    applied: bool = False
    """Whether the broker has all that the registry asked for; drift and what is blocked apart."""
    error: str = ""
    """Why the broker could not be read."""

    @property
    def failed(self) -> tuple[StepResult, ...]:
        """The steps that did not work."""
        return tuple(one for one in self.results if not one.done)


def compare(broker: Broker) -> Plan:
    """Return what differs now, without touching or storing anything.

    Raises a `BrokerError` when the broker cannot be read.
    """
    return _plan(broker.observe(), read_registry())


def standing_policy() -> ApplyPolicy:
    """Return what the settings let the loop apply by itself."""
    return ApplyAll() if settings.EVENTBUS_SELF_HEAL else ApplyWishes()


def reconcile_once(
    broker: Broker,
    *,
    fence: Fence | None,
    policy: ApplyPolicy | None = None,
    backlog: Backlog | None = None,
) -> Round:
    """Do one round and return what came of it; a broker that is away is a result, no error.

    Without a `fence` nothing is stored: somebody else leads and will see. `policy` says what is
    applied, the settings' when it is not given. `backlog` remembers earlier looks, which it takes
    to tell that a queue grows.

    Raises `LeaseLost` when somebody else leads by now.
    """
    wishes = read_registry()
    done = _act(broker, wishes, policy or standing_policy())
    if done.seen is not None and backlog is not None:
        backlog.note(time.monotonic(), _ready(done.seen))
    if fence is not None:
        _store(fence, done, backlog)
    return done


def _act(broker: Broker, wishes: Wishes, policy: ApplyPolicy) -> Round:
    results: tuple[StepResult, ...] = ()
    before = _EMPTY
    try:
        seen = broker.observe()
        before = plan = _plan(seen, wishes)
        established = {} if is_empty(plan) else store.established_at(seen.broker)
        if steps := policy.choose(plan, established):
            results = apply_steps(broker, steps)
            seen = broker.observe()
            plan = _plan(seen, wishes)
            results = verified(results, plan)
    except BrokerError as error:
        return Round(wishes=wishes, before=before, results=results, error=str(error))
    return Round(
        wishes=wishes,
        before=before,
        plan=_annotated(plan, established, results),
        established=established,
        seen=seen,
        results=results,
        applied=all(is_drift(one, established) for one in plan.applicable),
    )


def _plan(seen: Observation, wishes: Wishes) -> Plan:
    return only_ours(make_plan(seen, topology_of(wishes), access_of(wishes)))


def _annotated(plan: Plan, established: Established, results: tuple[StepResult, ...]) -> Plan:
    """Say of each difference that was left why it is still there."""
    errors: Mapping[Key, str] = {one.item.key: one.error for one in results if not one.done}

    def annotate(item: Item) -> Item:
        if item.step is not None and item.key in errors:
            return replace(item, reason=sentences.failed(item.reason, errors[item.key]))
        if is_drift(item, established):
            return replace(item, reason=sentences.since_then(item.reason))
        return item

    return plan.change(annotate)


def _store(fence: Fence, done: Round, backlog: Backlog | None) -> None:
    if done.seen is None:
        store.save_unreachable(fence, done.error)
        return
    growing = backlog.growing() if backlog is not None else frozenset()
    store.save_look(
        fence,
        broker=done.seen.broker,
        plan=done.plan,
        established=done.established,
        statuses=statuses(done.wishes.live, done.plan, done.seen, growing, waiting_dead_letters()),
        applied_revision=done.wishes.revision if done.applied else None,
    )


def _ready(seen: Observation) -> dict[str, int]:
    return {one.queue.name: one.ready for one in seen.queues}
