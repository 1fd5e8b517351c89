"""How each subscription is: in sync or not, healthy or not, and a sentence about it. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

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


@dataclass(frozen=True)
class Dead:
    """What gave up and nobody has looked after yet."""

    kept: int
    """Of this subscription, with the admin."""
    in_queue: int
    """Of its service, in the dead-letter queue."""


def statuses(
    live: Iterable[SubscriptionWish],
    plan: Plan,
    seen: Observation,
    growing: Collection[str] = frozenset(),
    dead: Mapping[str, int] = MappingProxyType({}),
) -> dict[int, Status]:
    """Return the status of every live subscription, by its id.

    `dead` are the dead letters that the admin keeps, by queue; what waits in the dead-letter
    queues themselves is seen.
    """
    items = plan.by_key
    queues = {one.queue.name: one for one in seen.queues}
    return {one.id: _status(one, items, queues, growing, dead) for one in live}


def waiting_dead(seen: Observation, kept: Mapping[str, int]) -> dict[str, int]:
    """Return how many dead letters wait, by service; those without any are left out.

    `kept` are those that the admin keeps, by the queue that they come from.
    """
    found: Counter[str] = Counter()
    for queue in seen.queues:
        own = parse_name(queue.queue.name)
        if own is not None and own.role == "dead" and own.service:
            found[own.service] += _waiting_in(queue)
    for name, count in kept.items():
        own = parse_name(name)
        if own is not None and own.service:
            found[own.service] += count
    return dict(+found)


def unknown(error: str) -> Status:
    """Return the status of every subscription while the broker cannot be read."""
    return Status(sync=Sync.UNKNOWN, health=Health.UNKNOWN, message=error)


def _status(
    wish: SubscriptionWish,
    items: Mapping[Key, Item],
    queues: Mapping[str, QueueState],
    growing: Collection[str],
    kept: Mapping[str, int],
) -> Status:
    worst = _worst(items[key] for key in _keys(wish) if key in items)
    sync = worst.sync if worst else Sync.IN_SYNC
    queue = queues.get(wish.queue)
    if queue is None:
        reason = worst.reason if worst else ""
        return Status(sync=sync, health=Health.UNKNOWN, message=reason)
    dead = Dead(kept.get(wish.queue, 0), _waiting_in(queues.get(dead_letters(wish.service))))
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
    wish: SubscriptionWish, queue: QueueState, dead: Dead, *, grows: bool
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
    if dead.kept or dead.in_queue:
        return Health.DEAD_LETTERS, _gave_up(wish.service, dead)
    if grows:
        return Health.BACKLOG, (
            f"{_events(queue.ready).capitalize()} wait and more come than {wish.service} handles. "
            "Start more workers."
        )
    return Health.HEALTHY, f"{waiting.capitalize()}." if queue.ready else "In order."


def _gave_up(service: str, dead: Dead) -> str:
    if dead.kept:
        return (
            f"{service} gave up {_events(dead.kept)}, which {_wait_verb(dead.kept)} for a person "
            "under Dead letters."
        )
    return (
        f"{service} gave up {_events(dead.in_queue)}: {dead_letters(service)} keeps "
        f"{'it' if dead.in_queue == 1 else 'them'}, and its page says why."
    )


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
    return f"{_events(count)} {_wait_verb(count)}"


def _wait_verb(count: int) -> str:
    return "waits" if count == 1 else "wait"


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"
