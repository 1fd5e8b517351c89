"""What keeps a removal from being a mistake: checked when it is asked for."""

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, Sync
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.operations.models import Operation
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import EventType, Service

FLOOR = 5
"""So few objects may always be removed, however few there are."""
WITHIN = timedelta(hours=1)
"""Removals of so long count together: asking one by one is no way around the limit."""


def require_answering_broker() -> None:
    """Raise `ActionError` when what is stored about the broker may not be so any more."""
    state = ReconcileState.objects.first()
    if state is None or not state.reachable:
        raise ActionError(
            "broker_away",
            "The broker cannot be read, so nothing was started. Try again when it answers.",
        )


def require_registry() -> None:
    """Raise `ActionError` when the registry asks for nothing: then everything looks superfluous."""
    if not Service.objects.exists() and not EventType.objects.exists():
        raise ActionError(
            "registry_empty",
            "The registry is empty, so everything on the broker looks superfluous. Nothing is "
            "removed before something is registered; perhaps this is the wrong database.",
        )


def require_small_share(more: int) -> None:
    """Raise `ActionError` when too many of our objects would be removed within an hour."""
    lately = (
        Operation.objects.filter(kind=Operation.Kind.REMOVAL, created__gte=timezone.now() - WITHIN)
        .exclude(state__in=(Operation.State.FAILED, Operation.State.ROLLED_BACK))
        .exclude(object_kind=ObjectKind.QUEUE.value, name__startswith="quarantine__")
    )
    count = lately.count()
    there = BrokerObject.objects.exclude(sync=Sync.MISSING).count()
    over = lately.filter(state=Operation.State.DONE).count()
    share = settings.EVENTBUS_REMOVAL_SHARE
    limit = max(FLOOR, (there + over) * share // 100)
    if count + more > limit:
        raise ActionError(
            "too_many",
            f"Within an hour at most {limit} objects are removed here ({share} % of ours on the "
            f"broker), and {count} were asked for already. Look whether the registry is right; "
            "EVENTBUS_REMOVAL_SHARE sets the limit.",
        )


def require_typed(name: str, typed: str, *, needed: bool) -> None:
    """Raise `ActionError` unless the name was typed where it has to be."""
    if needed and typed.strip() != name:
        raise ActionError(
            "name_not_typed",
            f"{name} has messages or consumers, or they would be lost. Type its name to go on.",
            "typed",
        )


def require_free(object_kind: str, names: Collection[str]) -> None:
    """Raise `ActionError` when something is done to one of these already."""
    busy = Operation.objects.filter(
        object_kind=object_kind, name__in=names, state__in=Operation.UNFINISHED
    ).first()
    if busy is not None:
        raise ActionError("busy", f"Something is done to {busy.name} already. Wait for its end.")
