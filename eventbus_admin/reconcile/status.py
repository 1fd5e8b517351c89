"""How each subscription is: in sync or not, healthy or not, and a sentence about it. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bus_core.topology import (
    Topology,
    dead_letters,
    event_type_topology,
    parse_name,
    service_topology,
)
from eventbus_admin.broker.interface import Observation, QueueState
from eventbus_admin.reconcile.desired import SubscriptionWish
from eventbus_admin.reconcile.models import Health, Sync
from eventbus_admin.reconcile.objects import Key, key_of
from eventbus_admin.reconcile.plan import Item, Plan
from eventbus_admin.registry.states import SubscriptionState

_WORST_FIRST = (Sync.BLOCKED, Sync.MISSING, Sync.DIFFERS, Sync.BUSY)


@dataclass(frozen=True, kw_only=True)
class Status:
    """Sync and health of one subscription, and what its queue holds."""

    sync: Sync
    health: Health
    message: str
    ready: int = 0
    unacked: int = 0
    consumers: int = 0


def statuses(
    live: Iterable[SubscriptionWish],
    plan: Plan,
    seen: Observation,
    growing: Collection[str] = frozenset(),
) -> dict[int, Status]:
    """Return the status of every live subscription, by its id."""
    items = plan.by_key
    queues = {one.queue.name: one for one in seen.queues}
    return {one.id: _status(one, items, queues, growing) for one in live}


def waiting_dead(seen: Observation) -> dict[str, int]:
    """Return how many dead letters wait, by service; those without any are left out."""
    found: dict[str, int] = {}
    for queue in seen.queues:
        own = parse_name(queue.queue.name)
        if own is not None and own.role == "dead" and own.service and _waiting_in(queue):
            found[own.service] = queue.ready
    return found


def unknown(error: str) -> Status:
    """Return the status of every subscription while the broker cannot be read."""
    return Status(sync=Sync.UNKNOWN, health=Health.UNKNOWN, message=error)


def _status(
    wish: SubscriptionWish,
    items: Mapping[Key, Item],
    queues: Mapping[str, QueueState],
    growing: Collection[str],
) -> Status:
    worst = _worst(items[key] for key in _keys(wish) if key in items)
    sync = worst.sync if worst else Sync.IN_SYNC
    queue = queues.get(wish.queue)
    if queue is None:
        reason = worst.reason if worst else ""
        return Status(sync=sync, health=Health.UNKNOWN, message=reason)
    dead = _waiting_in(queues.get(dead_letters(wish.service)))
    health, sentence = _health(wish, queue, dead, grows=wish.queue in growing)
    return Status(
        sync=sync,
        health=health,
        message=f"{worst.reason} {sentence}" if worst else sentence,
        ready=queue.ready,
        unacked=queue.unacked,
        consumers=queue.consumers or 0,
    )


def _health(
    wish: SubscriptionWish, queue: QueueState, dead: int, *, grows: bool
) -> tuple[Health, str]:
    if not queue.in_service:
        return Health.UNKNOWN, (
            f"Its queue is out of service on the broker ({queue.state}). Bring the broker's nodes "
            "back."
        )
    waiting = _wait(queue.ready)
    if wish.state == SubscriptionState.PAUSED:
        return Health.PAUSED, f"Paused: {waiting}."
    if queue.consumers == 0:
        return Health.NO_CONSUMERS, f"{wish.service} has no worker; {waiting}."
    if dead:
        return Health.DEAD_LETTERS, (
            f"{wish.service} gave up {_events(dead)}: {dead_letters(wish.service)} keeps "
            f"{'it' if dead == 1 else 'them'}, and its page says why."
        )
    if grows:
        return Health.BACKLOG, (
            f"{_events(queue.ready).capitalize()} wait and more come than {wish.service} handles. "
            "Start more workers."
        )
    return Health.HEALTHY, f"{waiting.capitalize()}." if queue.ready else "In order."


def _keys(wish: SubscriptionWish) -> Iterable[Key]:
    """Return everything that this subscription needs in order to work."""
    yield from _keys_of(wish.topology)
    yield from _keys_of_type(wish.event_type)
    yield from _keys_of_service(wish.service, wish.delays_ms)


@lru_cache(maxsize=4096)  # asked for each subscription, about few types and services
def _keys_of_type(event_type: str) -> tuple[Key, ...]:
    return tuple(_keys_of(event_type_topology(event_type)))


@lru_cache(maxsize=4096)
def _keys_of_service(service: str, delays_ms: tuple[int, ...]) -> tuple[Key, ...]:
    return tuple(_keys_of(service_topology(service, delays_ms)))


def _keys_of(topology: Topology) -> Iterable[Key]:
    for group in (topology.exchanges, topology.queues, topology.bindings):
        yield from map(key_of, group)


def _worst(items: Iterable[Item]) -> Item | None:
    off = [one for one in items if one.sync in _WORST_FIRST]
    return min(off, key=lambda one: _WORST_FIRST.index(one.sync), default=None)


def _waiting_in(queue: QueueState | None) -> int:
    return queue.ready if queue is not None and queue.in_service else 0


def _wait(count: int) -> str:
    if count == 0:
        return "no events wait"
    return f"{_events(count)} wait{'s' if count == 1 else ''}"


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"
