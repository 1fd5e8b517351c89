"""Carrying out the steps of a plan on the broker."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from threading import Event

import structlog

from bus_core.topology import Binding, Exchange, Policy, Queue
from eventbus_admin.broker.errors import BrokerError, BrokerUnavailable
from eventbus_admin.broker.interface import Broker
from eventbus_admin.broker.users import BrokerUser, Grant
from eventbus_admin.reconcile.objects import ObjectKind, RevokedUser, permissions_of
from eventbus_admin.reconcile.plan import Item, Plan

THREADS = 4
_ONE_THREAD_UP_TO = 8


@dataclass(frozen=True)
class StepResult:
    """What became of one step; no error means that it is done."""

    item: Item
    error: str = ""

    @property
    def done(self) -> bool:
        """Whether it worked."""
        return not self.error


def apply_steps(broker: Broker, steps: Iterable[Item]) -> tuple[StepResult, ...]:
    """Carry out steps, exchanges first and bindings last, each on its own.

    One that fails does not keep the others from being tried, unless the broker went away.
    """
    steps = tuple(steps)
    gone = Event()

    def carry_out(item: Item) -> StepResult:
        if gone.is_set():
            return StepResult(item, "Not tried: the broker went away before.")
        try:
            _make(broker, item)
        except BrokerError as error:
            if isinstance(error, BrokerUnavailable):
                gone.set()
            return StepResult(item, str(error))
        return StepResult(item)

    results: list[StepResult] = []
    # What these threads log bears the id of the run, too.
    bind = partial(
        structlog.contextvars.bind_contextvars, **structlog.contextvars.get_contextvars()
    )
    with ThreadPoolExecutor(THREADS, thread_name_prefix="apply", initializer=bind) as pool:
        for kind in ObjectKind:
            phase = [one for one in steps if one.object is kind]
            few = len(phase) <= _ONE_THREAD_UP_TO
            results += map(carry_out, phase) if few else pool.map(carry_out, phase)
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
        return replace(result, error="")
    unchanged = "The broker accepted the change, but the object is not as it should be."
    return replace(result, error=result.error or unchanged)


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
