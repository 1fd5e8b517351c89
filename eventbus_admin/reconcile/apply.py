"""Carrying out the steps of a plan on the broker.

What goes is taken away first, in the reverse order: whoever may not do something any more should
not wait until everything else is made. Then come the waves in which things can be made. Many new
objects are made with few calls, a batch each; a batch that is refused is tried object by object,
so that each has its own answer.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from itertools import islice
from threading import Event

import structlog

from bus_core.topology import Binding, Exchange, Policy, Queue, Topology
from eventbus_admin.broker.errors import BrokerError, BrokerFailed, BrokerUnavailable
from eventbus_admin.broker.interface import Broker
from eventbus_admin.broker.users import BrokerUser, Grant
from eventbus_admin.reconcile.objects import ObjectKind, RevokedUser, permissions_of
from eventbus_admin.reconcile.plan import Item, Plan, StepKind

WAVES = (
    ObjectKind.USER,
    ObjectKind.EXCHANGE,
    ObjectKind.POLICY,
    ObjectKind.QUEUE,
    ObjectKind.BINDING,
    ObjectKind.PERMISSION,
)
"""The order in which things are made. Rights come last: nobody comes before all is there."""

THREADS = 4
MANY = 30
"""From so many new objects on, batches are quicker than single calls."""
BATCH = {
    ObjectKind.EXCHANGE: 500,
    ObjectKind.POLICY: 500,
    ObjectKind.QUEUE: 250,
    ObjectKind.BINDING: 1000,
}
"""So many are made with one call: a few seconds' work for the broker, of which progress is told."""
_FAILURES_IN_A_ROW = 5
_ONE_THREAD_UP_TO = 3


class Trouble(Enum):
    """What kind of failure it was, which says when to try again."""

    PASSING = "it may work later"
    LASTING = "it will not work before something changes"
    UNTRIED = "it was not tried"


@dataclass(frozen=True)
class StepResult:
    """What became of one step; no error means that it is done."""

    item: Item
    error: str = ""
    trouble: Trouble = Trouble.PASSING
    """What kind of error it is, if there is one."""

    @property
    def done(self) -> bool:
        """Whether it worked."""
        return not self.error


def apply_steps(
    broker: Broker,
    steps: Iterable[Item],
    *,
    progress: Callable[[StepResult], None] = lambda _result: None,
    check: Callable[[], None] = lambda: None,
) -> tuple[StepResult, ...]:
    """Carry out steps, each on its own; one that fails does not keep the others from being tried.

    Once the broker is gone the rest is not tried. `progress` is told each result as it comes, on
    the calling thread. `check` is called before each write, on any thread. What either raises ends
    the work, with some of it done.
    """
    applier = _Applier(broker, check)
    results = []
    for result in applier.carry_out(tuple(steps)):
        results.append(result)
        progress(result)
    return tuple(results)


def verified(results: Sequence[StepResult], plan: Plan) -> tuple[StepResult, ...]:
    """Return the results corrected by what is there afterwards.

    RabbitMQ accepts some changes and makes none, and what failed may be there all the same, made
    by somebody else.
    """
    after = plan.by_key
    return tuple(_verified(one, after.get(one.item.key)) for one in results)


def _verified(result: StepResult, now: Item | None) -> StepResult:
    if now is None or now.step is None:
        return StepResult(result.item)
    if result.error:
        return result
    unchanged = "The broker accepted the change, but the object is not as it should be."
    return replace(result, error=unchanged, trouble=Trouble.LASTING)


class _Applier:
    """Carries out steps at one broker, until it is gone."""

    def __init__(self, broker: Broker, check: Callable[[], None]) -> None:
        self._broker = broker
        self._check = check
        self._gone = Event()
        self._failures = 0

    def carry_out(self, steps: Collection[Item]) -> Iterator[StepResult]:
        """Do all of it, wave by wave."""
        going = [one for one in steps if one.step is StepKind.DELETE]
        coming = [one for one in steps if one.step is not StepKind.DELETE]
        in_bulk = sum(map(_fits_a_batch, coming)) >= MANY
        # What these threads log bears the id of the run, too.
        bind = partial(
            structlog.contextvars.bind_contextvars, **structlog.contextvars.get_contextvars()
        )
        with ThreadPoolExecutor(THREADS, thread_name_prefix="apply", initializer=bind) as pool:
            for kind in reversed(WAVES):
                yield from self._singly([one for one in going if one.object is kind], pool)
            for kind in WAVES:
                wave = [one for one in coming if one.object is kind]
                many = list(filter(_fits_a_batch, wave)) if in_bulk else []
                for batch in _batches(many, BATCH.get(kind, 1)):
                    yield from self._together(batch, pool)
                yield from self._singly(
                    [one for one in wave if not (in_bulk and _fits_a_batch(one))], pool
                )

    def _singly(self, items: Sequence[Item], pool: ThreadPoolExecutor) -> Iterable[StepResult]:
        few = len(items) <= _ONE_THREAD_UP_TO
        return map(self._one, items) if few else pool.map(self._one, items)

    def _together(self, batch: Sequence[Item], pool: ThreadPoolExecutor) -> Iterable[StepResult]:
        if self._gone.is_set():
            return map(_untried, batch)
        self._check()
        try:
            self._broker.declare_many(_topology(batch))
        except BrokerError as error:
            if isinstance(error, BrokerUnavailable) and not isinstance(error, BrokerFailed):
                self._gone.set()
                return [_failed(one, error) for one in batch]
            return self._singly(batch, pool)
        return map(StepResult, batch)

    def _one(self, item: Item) -> StepResult:
        if self._gone.is_set():
            return _untried(item)
        self._check()
        try:
            _make(self._broker, item)
        except BrokerError as error:
            self._note(error)
            return _failed(item, error)
        self._failures = 0
        return StepResult(item)

    def _note(self, error: BrokerError) -> None:
        """Give up a broker that does not answer, or fails at one thing after the other."""
        match error:
            case BrokerFailed():
                self._failures += 1
                if self._failures >= _FAILURES_IN_A_ROW:
                    self._gone.set()
            case BrokerUnavailable():
                self._gone.set()


def _failed(item: Item, error: BrokerError) -> StepResult:
    passing = isinstance(error, BrokerUnavailable)
    return StepResult(item, str(error), Trouble.PASSING if passing else Trouble.LASTING)


def _untried(item: Item) -> StepResult:
    return StepResult(item, "Not tried: the broker went away before.", Trouble.UNTRIED)


def _fits_a_batch(item: Item) -> bool:
    return item.step is StepKind.CREATE and item.object in BATCH


def _batches(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def _topology(items: Iterable[Item]) -> Topology:
    wanted = [one.wanted for one in items]
    return Topology(
        exchanges=tuple(one for one in wanted if isinstance(one, Exchange)),
        queues=tuple(one for one in wanted if isinstance(one, Queue)),
        bindings=tuple(one for one in wanted if isinstance(one, Binding)),
        policies=tuple(one for one in wanted if isinstance(one, Policy)),
    )


def _make(broker: Broker, item: Item) -> None:
    match item.wanted:
        case Exchange() as exchange:
            broker.declare_exchange(exchange)
        case Queue() as queue:
            broker.declare_queue(queue)
        case Binding() as binding:
            broker.bind(binding)
        case Policy() as policy:
            broker.put_policy(policy)
        case BrokerUser() as user:
            broker.put_user(user)
            if item.found is not None:
                broker.close_connections(user.name, "Credentials changed")
        case Grant() as grant:
            broker.grant(grant)
            if _takes_back(grant, item):
                broker.close_connections(grant.user, "Rights changed")
        case RevokedUser(name=name):
            broker.delete_user(name)


def _takes_back(grant: Grant, item: Item) -> bool:
    """Whether the user could do more before: an open channel goes on with what it was allowed."""
    return item.found is not None and not grant.permissions.covers(permissions_of(item.found))
