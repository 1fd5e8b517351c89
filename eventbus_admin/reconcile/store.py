"""Writing down what a look at the broker found: rows are touched only where something changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.utils import timezone

from eventbus_admin.broker.changes import Finding
from eventbus_admin.broker.interface import BrokerInfo
from eventbus_admin.journal.entries import keepable
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.memory import Stored
from eventbus_admin.reconcile.models import (
    BrokerObject,
    ReconcileState,
    SubscriptionStatus,
    Sync,
)
from eventbus_admin.reconcile.objects import Key, ObjectKind, Properties
from eventbus_admin.reconcile.ownership import belongs_to
from eventbus_admin.reconcile.plan import Item, Plan
from eventbus_admin.reconcile.policy import Established, is_established
from eventbus_admin.reconcile.status import Status, unknown

_Key = TypeVar("_Key")
_Made = TypeVar("_Made")
_Row = TypeVar("_Row")
Rows = Mapping[_Key, tuple[_Made | None, _Row]]
"""Rows by key, each with what it was made from."""

_ROW = 1
_OBJECT_FIELDS = (
    "service_name",
    "event_type_name",
    "sync",
    "message",
    "impact",
    "should",
    "found",
    "established",
)
_STATUS_FIELDS = (
    "sync",
    "health",
    "message",
    "messages_ready",
    "messages_unacked",
    "consumers",
)


def established_at(broker: BrokerInfo, stored: Stored) -> Established:
    """Return the objects that were in order once at this broker."""
    if stored.objects is not None:
        if stored.broker_id != broker.identity:
            return {}
        known = ((key, row) for key, (_item, row) in stored.objects.items())
        return {key: row.should for key, row in known if row.established and row.should}
    if not ReconcileState.objects.filter(pk=_ROW, broker_id=broker.identity).exists():
        return {}
    rows = BrokerObject.objects.filter(established=True, should__isnull=False)
    return {
        (ObjectKind(kind), name): should or {}
        for kind, name, should in rows.values_list("kind", "name", "should")
    }


def save_look(
    fence: Fence,
    *,
    broker: BrokerInfo,
    plan: Plan,
    established: Established,
    statuses: Mapping[int, Status],
    dead_letters: Mapping[str, int],
    applied_revision: int | None,
    complete: bool = True,
    stored: Stored | None = None,
) -> None:
    """Store what was found; `applied_revision` is given when the broker was brought to it.

    Only a `complete` look counts as one at which the broker was read. `stored` is the memory of
    the leader. `dead_letters` are those that wait, by service.

    Raises `LeaseLost`, with nothing stored, when somebody else leads by now.
    """
    now = timezone.now()
    stored = stored or Stored()
    with fence.writing():
        state = _state()
        before = stored.take()
        after = Stored(
            broker_id=broker.identity,
            objects=_save_objects(plan, established, before.objects or {}, now),
            statuses=_save_statuses(statuses, before.statuses, now),
        )
        if complete:
            state.observed_at = now
        state.reachable = True
        state.error = ""
        state.broker_id = broker.identity
        state.broker_name = broker.name[:120]
        state.broker_version = broker.version[:40]
        state.counts = plan.counts
        state.dead_letters = dict(dead_letters)
        if applied_revision is not None:
            state.applied_revision = applied_revision
        state.save()
    stored.keep(after)


def save_unreachable(fence: Fence, error: str, stored: Stored | None = None) -> None:
    """Store that the broker cannot be read: nothing about it is known, nothing old stays green.

    Raises `LeaseLost`, with nothing stored, when somebody else leads by now.
    """
    now = timezone.now()
    if stored is not None:
        stored.forget()
    with fence.writing():
        state = _state()
        if (state.reachable, state.error) == (False, error):
            return
        state.reachable = False
        state.error = error
        objects = BrokerObject.objects.exclude(sync=Sync.UNKNOWN)
        objects.update(sync=Sync.UNKNOWN, message=error, impact="", since=now)
        state.counts = {Sync.UNKNOWN.value: BrokerObject.objects.count()}
        state.save()
        status = unknown(error)
        SubscriptionStatus.objects.update(
            sync=status.sync, health=status.health, message=status.message, changed_at=now
        )


def save_hearing(fence: Fence, found: Finding) -> None:
    """Store whether the broker tells us of changes.

    Raises `LeaseLost`, with nothing stored, when somebody else leads by now.
    """
    with fence.writing():
        state = _state()
        state.hearing, state.hearing_message = found.hearing, storable(found.message)
        state.save()


def _state() -> ReconcileState:
    return ReconcileState.objects.filter(pk=_ROW).first() or ReconcileState(pk=_ROW)


def _save_objects(
    plan: Plan, established: Established, known: Rows[Key, Item, BrokerObject], now: datetime
) -> dict[Key, tuple[Item | None, BrokerObject]]:
    rows: dict[Key, tuple[Item | None, BrokerObject]] = {}
    changed = []
    for item in plan.items:
        key = row_key(item)
        before, old = known.get(key, (None, None))
        settled = item.sync is Sync.IN_SYNC or is_established(item, established)
        if old is not None and before == item and old.established == settled:
            rows[key] = item, old
            continue
        row = _object_row(item, established, now)
        rows[key] = item, row
        if old is None:
            changed.append(row)
        elif any(getattr(old, field) != getattr(row, field) for field in _OBJECT_FIELDS):
            row.since = old.since if old.sync == row.sync else now
            changed.append(row)
        else:
            rows[key] = item, old
    BrokerObject.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=("kind", "name"),
        update_fields=(*_OBJECT_FIELDS, "since"),
    )
    gone = [key for key in known if key not in rows]
    for kind in {kind for kind, _ in gone}:
        names = [name for one, name in gone if one is kind]
        BrokerObject.objects.filter(kind=kind, name__in=names).delete()
    return rows


def row_key(item: Item) -> Key:
    """Return the key under which an object is stored."""
    return item.object, storable(item.name)


def storable(text: str) -> str:
    """Return a text as every database takes it."""
    return text.replace("\0", "�")


def _object_row(item: Item, established: Established, now: datetime) -> BrokerObject:
    service, event_type = belongs_to(item)
    kind, name = row_key(item)
    # Foreign names and arguments may hold what PostgreSQL refuses.
    return BrokerObject(
        kind=kind.value,
        name=name,
        service_name=service,
        event_type_name=event_type,
        sync=item.sync.value,
        message=storable(item.reason),
        impact=storable(item.impact),
        should=item.should,
        found=item.should if item.sync is Sync.IN_SYNC else _keepable(item.found),
        established=item.sync is Sync.IN_SYNC or is_established(item, established),
        since=now,
    )


def _keepable(found: Properties | None) -> Any:
    return None if found is None else keepable(found)


def _save_statuses(
    statuses: Mapping[int, Status], known: Rows[int, Status, SubscriptionStatus], now: datetime
) -> dict[int, tuple[Status | None, SubscriptionStatus]]:
    rows: dict[int, tuple[Status | None, SubscriptionStatus]] = {}
    changed = []
    for pk, status in statuses.items():
        before, old = known.get(pk, (None, None))
        if old is not None and before == status:
            rows[pk] = status, old
            continue
        row = _status_row(pk, status, now)
        rows[pk] = status, row
        if old is not None:
            if all(getattr(old, field) == getattr(row, field) for field in _STATUS_FIELDS):
                rows[pk] = status, old
                continue
            if (old.sync, old.health) == (row.sync, row.health):
                row.changed_at = old.changed_at
        changed.append(row)
    SubscriptionStatus.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=("subscription",),
        update_fields=(*_STATUS_FIELDS, "changed_at"),
    )
    if gone := [pk for pk in known if pk not in statuses]:
        SubscriptionStatus.objects.filter(pk__in=gone).delete()
    return rows


def _status_row(pk: int, status: Status, now: datetime) -> SubscriptionStatus:
    return SubscriptionStatus(
        subscription_id=pk,
        sync=status.sync.value,
        health=status.health.value,
        message=storable(status.message),
        messages_ready=status.ready,
        messages_unacked=status.unacked,
        consumers=status.consumers,
        changed_at=now,
    )
