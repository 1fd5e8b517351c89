"""A plan's changes as the registry's own actions, in an order in which each is possible."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.registry import actions
from eventbus_admin.registry.as_code.document import DocumentRefused, Kind, Problem, ends_of
from eventbus_admin.registry.as_code.fields import RETIRED
from eventbus_admin.registry.as_code.plan import Change, Verb
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Publication, Subscription

_RENAMED = {"attempts": "retry_attempts", "delays_ms": "retry_delays_ms"}
"""Values that the actions call otherwise."""


class _Phase(IntEnum):
    TEAMS = 1
    EVENT_TYPES = 2
    SERVICES = 3
    PAIRS = 4
    ENDINGS = 5
    """Event types retire when nobody listens any more."""


@dataclass(frozen=True)
class _Step:
    phase: _Phase
    change: Change
    do: Callable[[], object]


def carry_out(actor: Actor, changes: Iterable[Change]) -> None:
    """Do it, inside the caller's transaction.

    Raises `DocumentRefused` when an action refuses, and `NotAllowed`.
    """
    steps = [step for change in changes for step in _steps(actor, change)]
    for step in sorted(steps, key=lambda one: one.phase):
        try:
            step.do()
        except ActionError as error:
            message = f"{step.change.label}: {error.message}"
            raise DocumentRefused([Problem(step.change.place, message)]) from error


def _steps(actor: Actor, change: Change) -> Iterator[_Step]:
    match change.kind:
        case Kind.TEAM:
            yield _Step(_Phase.TEAMS, change, lambda: _team(actor, change))
        case Kind.EVENT_TYPE:
            yield _Step(_Phase.EVENT_TYPES, change, lambda: _event_type(actor, change))
            if change.after.get("lifecycle") == RETIRED:
                yield _Step(_Phase.ENDINGS, change, lambda: _lifecycle(actor, change))
        case Kind.SERVICE:
            yield _Step(_Phase.SERVICES, change, lambda: _service(actor, change))
        case Kind.PUBLICATION:
            yield _Step(_Phase.PAIRS, change, lambda: _publication(actor, change))
        case Kind.SUBSCRIPTION:
            yield _Step(_Phase.PAIRS, change, lambda: _subscription(actor, change))


def _team(actor: Actor, change: Change) -> None:
    if change.verb is Verb.CREATE:
        actions.create_team(actor=actor, name=change.name, **change.after)
    else:
        actions.change_team(actor=actor, team=change.name, **change.after)


def _event_type(actor: Actor, change: Change) -> None:
    values = dict(change.after)
    lifecycle = values.pop("lifecycle", None)
    if change.verb is Verb.CREATE:
        # One that is to be retired must be there before: what joins it to services is made first.
        begins_as = "active" if lifecycle == RETIRED else lifecycle
        actions.create_event_type(actor=actor, name=change.name, lifecycle=begins_as, **values)
        return
    if values:
        actions.change_event_type(actor=actor, event_type=change.name, **values)
    if lifecycle not in {None, RETIRED}:
        _lifecycle(actor, change)


def _lifecycle(actor: Actor, change: Change) -> None:
    actions.set_lifecycle(actor=actor, event_type=change.name, lifecycle=change.after["lifecycle"])


def _service(actor: Actor, change: Change) -> None:
    if change.verb is Verb.CREATE:
        actions.create_service(actor=actor, name=change.name, **change.after)
    else:
        actions.change_service(actor=actor, service=change.name, **change.after)


def _publication(actor: Actor, change: Change) -> None:
    event_type, service = ends_of(change.name)
    found = Publication.objects.filter(event_type__name=event_type, service__name=service)
    ends = change.after["state"] == RETIRED
    if change.before is None or not ends:
        actions.allow_publication(actor=actor, service=service, event_type=event_type)
    if ends:
        actions.retire_publication(actor=actor, publication=found.get())


def _subscription(actor: Actor, change: Change) -> None:
    values = {_RENAMED.get(name, name): value for name, value in change.after.items()}
    target = values.pop("state", None)
    event_type, service = ends_of(change.name)
    found = Subscription.objects.named(event_type, service).with_related()
    before = change.before or {"state": RETIRED}
    if before.get("state") == RETIRED:
        values = {**_kept(found.first()), **values}
        actions.create_subscription(actor=actor, service=service, event_type=event_type, **values)
        before = {"state": "active"}
    elif values:
        actions.change_subscription(actor=actor, subscription=found.get(), **values)
    if target not in {None, before.get("state")}:
        _MOVES[target](actor=actor, subscription=found.get())


def _kept(old: Subscription | None) -> dict[str, Any]:
    """Return what a subscription that comes back keeps of what it was."""
    if old is None:
        return {}
    names = ("kind", "retry_attempts", "retry_delays_ms", "prefetch", "concurrency")
    return {name: getattr(old, name) for name in names}


_MOVES: dict[str, Callable[..., Any]] = {
    "active": actions.resume_subscription,
    "paused": actions.pause_subscription,
    RETIRED: actions.retire_subscription,
}
