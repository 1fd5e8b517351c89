"""One round: observe, plan, apply, observe again, store. `loop` repeats it, commands call it."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from eventbus_admin.broker.errors import BrokerAbsent, BrokerError
from eventbus_admin.broker.interface import Broker, Observation
from eventbus_admin.journal.rates import rates
from eventbus_admin.reconcile import sentences, store
from eventbus_admin.reconcile.apply import StepResult, apply_steps, verified
from eventbus_admin.reconcile.attempts import Attempts
from eventbus_admin.reconcile.backlog import Backlog
from eventbus_admin.reconcile.desired import Wishes, access_of, read_registry, topology_of
from eventbus_admin.reconcile.impact import with_impact
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.memory import Stored
from eventbus_admin.reconcile.models import Sync
from eventbus_admin.reconcile.objects import Key, RevokedUser
from eventbus_admin.reconcile.operations.aside import set_aside, under_way
from eventbus_admin.reconcile.ownership import only_ours
from eventbus_admin.reconcile.plan import Item, Plan, StepKind, make_plan
from eventbus_admin.reconcile.policy import (
    Apply,
    ApplyAll,
    ApplyNothing,
    ApplyPolicy,
    ApplyWishes,
    Established,
    apply_setting,
    is_drift,
    is_empty,
    is_established,
    under,
)
from eventbus_admin.reconcile.status import statuses, waiting_dead
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
    complete: bool = False
    """Whether all of the broker was read, rather than only what was written."""
    error: str = ""
    """Why the broker could not be read."""
    began: datetime = field(default_factory=timezone.now)
    absent: bool = False
    """Whether nobody was there to answer."""

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
    if apply_setting() is Apply.OBSERVE:
        return ApplyNothing()
    return ApplyAll() if settings.EVENTBUS_SELF_HEAL else ApplyWishes()


def reconcile_once(
    broker: Broker,
    *,
    fence: Fence | None,
    policy: ApplyPolicy | None = None,
    backlog: Backlog | None = None,
    attempts: Attempts | None = None,
    kept: Observation | None = None,
    stored: Stored | None = None,
    progress: Callable[[StepResult], None] = lambda _result: None,
    check: Callable[[], None] = lambda: None,
) -> Round:
    """Do one round and return what came of it; a broker that is away is a result, no error.

    Without a `fence` nothing is stored: somebody else leads and will see. `policy` says what is
    applied, the settings' when it is not given; only then `attempts` keeps from trying in vain
    again and again. `backlog` remembers earlier looks, which it takes to tell that a queue grows.
    `kept` is a complete look of a moment ago: with it the broker is not read first, only what is
    written is read back, and nothing is removed. `stored` remembers what the rows say. `progress`
    and `check` are those of `apply_steps`.

    Raises `LeaseLost` when somebody else leads by now.
    """
    wishes = read_registry()
    stored = stored or Stored()
    done = _Work(broker, wishes, policy, attempts, stored, progress, check).round(kept)
    if done.seen is not None and done.complete and backlog is not None:
        backlog.note(time.monotonic(), _ready(done.seen))
    if fence is not None:
        _store(fence, done, backlog, stored)
    return done


@dataclass
class _Work:
    """One round while it lasts."""

    broker: Broker
    wishes: Wishes
    policy: ApplyPolicy | None
    attempts: Attempts | None
    stored: Stored
    progress: Callable[[StepResult], None]
    check: Callable[[], None]
    before: Plan = _EMPTY
    results: tuple[StepResult, ...] = ()
    began: datetime = field(default_factory=timezone.now)

    def round(self, kept: Observation | None) -> Round:
        try:
            return self._round(kept)
        except BrokerError as error:
            return Round(
                wishes=self.wishes,
                before=self.before,
                results=self.results,
                error=str(error),
                absent=isinstance(error, BrokerAbsent),
                began=self.began,
            )

    def _round(self, kept: Observation | None) -> Round:
        seen, plan = self._first_look(kept)
        self.before = plan
        established = {} if is_empty(plan) else store.established_at(seen.broker, self.stored)
        steps = self._choose(plan, established)
        if steps:
            self.results = apply_steps(self.broker, steps, progress=self.progress, check=self.check)
        after = seen
        if touched := [*steps, *(_taken_on_trust(plan, established) if seen is kept else ())]:
            after = self._second_look(seen, touched)
            plan = _plan(after, self.wishes)
            self.results = verified(self.results, plan)
        if self.attempts is not None:
            self.attempts.note(self.results, plan)
        return Round(
            wishes=self.wishes,
            before=self.before,
            plan=_annotated(plan, established, self._failures()),
            established=established,
            seen=after,
            results=self.results,
            applied=all(is_drift(one, established) for one in plan.applicable),
            complete=seen is not kept,
            began=self.began,
        )

    def _first_look(self, kept: Observation | None) -> tuple[Observation, Plan]:
        if kept is not None:
            plan = _plan(kept, self.wishes)
            if not any(one.step is StepKind.DELETE for one in plan.items):
                return kept, plan
        seen = self.broker.observe()
        return seen, _plan(seen, self.wishes)

    def _choose(self, plan: Plan, established: Established) -> tuple[Item, ...]:
        if self.policy is not None:
            return self.policy.choose(plan, established)
        steps = standing_policy().choose(plan, established)
        return steps if self.attempts is None else self.attempts.due(steps, plan)

    def _second_look(self, seen: Observation, items: Iterable[Item]) -> Observation:
        wanted = [one.wanted for one in items]
        touched = [one for one in wanted if one is not None and not isinstance(one, RevokedUser)]
        if len(touched) < len(wanted):
            return self.broker.observe()
        return self.broker.look_again(seen, touched)

    def _failures(self) -> Callable[[Item], str]:
        """Return what says of an object why making it failed."""
        if self.attempts is not None:
            attempts = self.attempts
            return lambda item: attempts.sentence(item.key)
        errors: Mapping[Key, str] = {
            one.item.key: one.error for one in self.results if not one.done
        }
        return lambda item: errors.get(item.key, "")


def _plan(seen: Observation, wishes: Wishes) -> Plan:
    plan = only_ours(make_plan(seen, topology_of(wishes), access_of(wishes)))
    plan = set_aside(plan, under_way())
    if not plan.steps:
        return plan
    return with_impact(under(plan, apply_setting()), seen, rates())


def _taken_on_trust(plan: Plan, established: Established) -> list[Item]:
    """Return what is wanted anew and was there at the last look: it may be gone since."""
    return [
        one
        for one in plan.items
        if one.sync is Sync.IN_SYNC and not is_established(one, established)
    ]


def _annotated(plan: Plan, established: Established, failure: Callable[[Item], str]) -> Plan:
    """Say of each difference that was left why it is still there."""

    def annotate(item: Item) -> Item:
        if item.step is not None and (failed := failure(item)):
            return replace(item, reason=sentences.failed(item.reason, failed))
        if is_drift(item, established):
            return replace(item, reason=sentences.since_then(item.reason))
        return item

    return plan.change(annotate)


def _store(fence: Fence, done: Round, backlog: Backlog | None, stored: Stored) -> None:
    if done.seen is None:
        store.save_unreachable(fence, done.error, stored)
        return
    growing = backlog.growing() if backlog is not None else frozenset()
    kept = waiting_dead_letters()
    store.save_look(
        fence,
        broker=done.seen.broker,
        plan=done.plan,
        established=done.established,
        statuses=statuses(done.wishes.live, done.plan, done.seen, growing, kept),
        dead_letters=waiting_dead(done.seen, kept),
        applied_revision=done.wishes.revision if done.applied else None,
        complete=done.complete,
        stored=stored,
    )


def _ready(seen: Observation) -> dict[str, int]:
    return {one.queue.name: one.ready for one in seen.queues}
