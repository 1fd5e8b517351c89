"""The plan: what is compared with what should be, object by object. Pure.

`make_plan` looks at everything that it is given, foreign objects included; `ownership` takes
these out afterwards, last of all. A plan deletes nothing but users whose credentials were revoked,
and never replaces what cannot be changed: it says so and leaves the choice to a person.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bus_core.topology import Topology
from eventbus_admin.broker.interface import Observation, QueueState
from eventbus_admin.reconcile import objects, sentences
from eventbus_admin.reconcile.access import NOBODY, Access
from eventbus_admin.reconcile.adoption import Found, adoptable
from eventbus_admin.reconcile.models import Sync
from eventbus_admin.reconcile.objects import (
    Key,
    ObjectKind,
    Properties,
    RevokedUser,
    Wanted,
    key_of,
)


class StepKind(StrEnum):
    """What is to be done about a difference."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    ADOPT = "adopt"
    """The registry does not know it and can take it over; a person decides."""
    BLOCKED = "blocked"
    """Nothing that a plan may do helps: a person chooses."""
    UNMANAGED = "unmanaged"
    """The registry does not know it and cannot take it over; a person decides."""


STEPS = {
    Sync.MISSING: StepKind.CREATE,
    Sync.DIFFERS: StepKind.CHANGE,
    Sync.SURPLUS: StepKind.DELETE,
    Sync.BLOCKED: StepKind.BLOCKED,
}
"""What is to be done in each state; an unmanaged object can be adopted or not."""
APPLICABLE = frozenset({StepKind.CREATE, StepKind.CHANGE, StepKind.DELETE})
"""What an apply does something about, if the policy lets it."""
_USERS = frozenset({ObjectKind.USER, ObjectKind.PERMISSION})
_CHANGEABLE = frozenset({ObjectKind.POLICY, *_USERS})
_ORDER = {kind: position for position, kind in enumerate(ObjectKind)}


def step_for(kind: str, one: Found) -> StepKind | None:
    """Return what is to be done about an object as it was found, if anything is."""
    if one.sync == Sync.UNMANAGED:
        return StepKind.ADOPT if adoptable(kind, one) else StepKind.UNMANAGED
    return STEPS.get(Sync(one.sync))


@dataclass(frozen=True, kw_only=True)
class Item:
    """One object, as it should be and as it was found."""

    object: ObjectKind
    name: str
    sync: Sync
    reason: str = ""
    """A sentence that says what the difference means and what to do; empty when in sync."""
    should: Properties | None = None
    found: Properties | None = None
    wanted: Wanted | None = None
    """What to make so that it becomes as it should be."""
    impact: str = ""
    """A sentence about what the difference, or mending it, means for messages."""
    held: bool = False
    """Whether the policy of this installation keeps the step from being applied."""

    @property
    def key(self) -> Key:
        """What tells it from every other object."""
        return self.object, self.name

    @property
    def step(self) -> StepKind | None:
        """What is to be done about it; nothing when it is in sync."""
        return step_for(self.object, self)

    @property
    def applicable(self) -> bool:
        """Whether applying the plan does something about it."""
        return not self.held and self.step in APPLICABLE


@dataclass(frozen=True)
class Plan:
    """All objects, in the order in which they can be made."""

    items: tuple[Item, ...] = ()
    broker: str = ""
    """Identity of the broker that was looked at."""

    @property
    def steps(self) -> tuple[Item, ...]:
        """What is not in sync."""
        return tuple(one for one in self.items if one.step)

    @property
    def applicable(self) -> tuple[Item, ...]:
        """What applying it would do."""
        return tuple(one for one in self.items if one.applicable)

    @property
    def counts(self) -> dict[str, int]:
        """How many objects there are of each sync state."""
        return dict(sorted(Counter(one.sync.value for one in self.items).items()))

    @property
    def by_key(self) -> Mapping[Key, Item]:
        """The objects by kind and name."""
        return {one.key: one for one in self.items}

    def change(self, change: Callable[[Item], Item]) -> "Plan":
        """Return the plan with each item as `change` makes it."""
        return replace(self, items=tuple(change(one) for one in self.items))

    def only(self, keep: Callable[[Item], bool]) -> "Plan":
        """Return the plan without the items that `keep` says no to."""
        return replace(self, items=tuple(one for one in self.items if keep(one)))


def make_plan(seen: Observation, wanted: Topology, access: Access = NOBODY) -> Plan:
    """Compare what was seen with what is wanted."""
    should = {**_should(wanted, seen.default_queue_type), **_should_access(access)}
    found = {**_found(seen), **_found_access(seen, access)}
    unseen = _USERS if seen.users is None else frozenset()
    items = [
        _unseen_item(key, should[key][1])
        if key[0] in unseen
        else _wanted_item(key, *should[key], found.get(key))
        for key in should
    ]
    items += _revoked_items(seen, access)
    queues = {one.queue.name: one for one in seen.queues}
    known = {*should, *(one.key for one in items)}
    items += [
        _unmanaged_item(key, found[key], queues.get(key[1])) for key in found if key not in known
    ]
    items.sort(key=lambda one: (_ORDER[one.object], one.name))
    return Plan(tuple(items), broker=seen.broker.identity)


def _should(wanted: Topology, default_type: str) -> dict[Key, tuple[Wanted, Properties]]:
    should: dict[Key, tuple[Wanted, Properties]] = {}
    for exchange in wanted.exchanges:
        should[key_of(exchange)] = exchange, objects.exchange_properties(exchange)
    for policy in wanted.policies:
        should[key_of(policy)] = policy, objects.policy_properties(policy)
    for queue in wanted.queues:
        should[key_of(queue)] = queue, objects.queue_properties(queue, default_type)
    for binding in wanted.bindings:
        should[key_of(binding)] = binding, objects.binding_properties(binding)
    return should


def _should_access(access: Access) -> dict[Key, tuple[Wanted, Properties]]:
    should: dict[Key, tuple[Wanted, Properties]] = {}
    for user in access.users:
        should[key_of(user)] = user, objects.user_properties(user)
    for grant in access.grants:
        should[key_of(grant)] = grant, objects.grant_properties(grant)
    return should


def _found(seen: Observation) -> dict[Key, Properties]:
    return dict(_each_found(seen))


def _each_found(seen: Observation) -> Iterator[tuple[Key, Properties]]:
    for exchange in seen.exchanges:
        yield key_of(exchange.exchange), objects.exchange_state_properties(exchange)
    for policy in seen.policies:
        yield key_of(policy), objects.policy_properties(policy)
    for queue in seen.queues:
        yield key_of(queue.queue), objects.queue_state_properties(queue)
    for binding in seen.bindings:
        yield key_of(binding), objects.binding_properties(binding)
    for other in seen.exchange_bindings:
        key = ObjectKind.BINDING, objects.exchange_binding_name(other)
        yield key, objects.exchange_binding_properties(other)


def _found_access(seen: Observation, access: Access) -> dict[Key, Properties]:
    """Return users and rights that are there; rights of a user nobody wants go with the user."""
    wanted = {one.name for one in access.users}
    found = {key_of(one): objects.user_properties(one) for one in seen.users or ()}
    found |= {
        key_of(one): objects.grant_properties(one) for one in seen.grants if one.user in wanted
    }
    return found


def _revoked_items(seen: Observation, access: Access) -> list[Item]:
    if seen.users is None:
        return [_unseen_item((ObjectKind.USER, name), None) for name in access.revoked]
    there = {one.name: one for one in seen.users}
    return [
        Item(
            object=ObjectKind.USER,
            name=name,
            sync=Sync.SURPLUS,
            reason=sentences.revoked(name),
            found=objects.user_properties(there[name]),
            wanted=RevokedUser(name=name),
        )
        for name in access.revoked
        if name in there
    ]


def _unseen_item(key: Key, should: Properties | None) -> Item:
    kind, name = key
    return Item(
        object=kind,
        name=name,
        sync=Sync.BLOCKED,
        reason=sentences.unseen(name, wanted=should is not None),
        should=should,
    )


def _wanted_item(key: Key, wanted: Wanted, should: Properties, found: Properties | None) -> Item:
    kind, name = key
    if found is None:
        sync, reason = Sync.MISSING, sentences.missing(kind, should, name)
    elif found == should:
        sync, reason = Sync.IN_SYNC, ""
    elif kind in _CHANGEABLE:
        sync, reason = Sync.DIFFERS, sentences.differs(name, should, found)
    else:
        sync, reason = Sync.BLOCKED, sentences.blocked(kind, name, should, found)
    return Item(
        object=kind, name=name, sync=sync, reason=reason, should=should, found=found, wanted=wanted
    )


def _unmanaged_item(key: Key, found: Properties, queue: QueueState | None) -> Item:
    kind, name = key
    shown: dict[str, Any] = dict(found)
    if kind is ObjectKind.QUEUE and queue is not None:
        shown |= {"messages": queue.ready + queue.unacked, "consumers": queue.consumers}
    return Item(
        object=kind,
        name=name,
        sync=Sync.UNMANAGED,
        reason=sentences.unmanaged(kind, name, found),
        found=shown,
    )
