"""Writing down what a look at the broker found: rows are touched only where something changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from eventbus_admin.broker.changes import Finding
from eventbus_admin.broker.interface import BrokerInfo
from eventbus_admin.journal.entries import keepable
from eventbus_admin.reconcile.lease import Fence
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

_ROW = 1
_OBJECT_FIELDS = (
    "service_name",
    "event_type_name",
    "sync",
    "message",
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


def established_at(broker: BrokerInfo) -> Established:
    """Return the objects that were in order once at this broker."""
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
) -> None:
    """Store what was found; `applied_revision` is given when the broker was brought to it.

    `dead_letters` are those that wait, by service.

    Raises `LeaseLost`, with nothing stored, when somebody else leads by now.
    """
    now = timezone.now()
    with transaction.atomic():
        fence.hold()
        state = _state()
        _save_objects(plan, established, now)
        _save_statuses(statuses, now)
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


def save_unreachable(fence: Fence, error: str) -> None:
    """Store that the broker cannot be read: nothing about it is known, nothing old stays green.

    Raises `LeaseLost`, with nothing stored, when somebody else leads by now.
    """
    now = timezone.now()
    with transaction.atomic():
        fence.hold()
        state = _state()
        if (state.reachable, state.error) == (False, error):
            return
        state.reachable = False
        state.error = error
        objects = BrokerObject.objects.exclude(sync=Sync.UNKNOWN)
        objects.update(sync=Sync.UNKNOWN, message=error, since=now)
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
    with transaction.atomic():
        fence.hold()
        state = _state()
        state.hearing, state.hearing_message = found.hearing, storable(found.message)
        state.save()


def _state() -> ReconcileState:
    return ReconcileState.objects.filter(pk=_ROW).first() or ReconcileState(pk=_ROW)


def _save_objects(plan: Plan, established: Established, now: datetime) -> None:
    known: dict[Key, BrokerObject] = {
        (ObjectKind(one.kind), one.name): one for one in BrokerObject.objects.all()
    }
    rows = {row_key(one): _object_row(one, established, now) for one in plan.items}
    changed = []
    for key, row in rows.items():
        old = known.get(key)
        if old is None:
            changed.append(row)
            continue
        if any(getattr(old, field) != getattr(row, field) for field in _OBJECT_FIELDS):
            row.since = old.since if old.sync == row.sync else now
            changed.append(row)
    BrokerObject.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=("kind", "name"),
        update_fields=(*_OBJECT_FIELDS, "since"),
    )
    gone = [row.pk for key, row in known.items() if key not in rows]
    if gone:
        BrokerObject.objects.filter(pk__in=gone).delete()


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
        should=item.should,
        found=item.should if item.sync is Sync.IN_SYNC else _keepable(item.found),
        established=item.sync is Sync.IN_SYNC or is_established(item, established),
        since=now,
    )


def _keepable(found: Properties | None) -> Any:
    return None if found is None else keepable(found)


def _save_statuses(statuses: Mapping[int, Status], now: datetime) -> None:
    known = {one.pk: one for one in SubscriptionStatus.objects.all()}
    changed = []
    for pk, status in statuses.items():
        old = known.get(pk)
        row = _status_row(pk, status, now)
        if old is not None:
            if all(getattr(old, field) == getattr(row, field) for field in _STATUS_FIELDS):
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
    gone = [pk for pk in known if pk not in statuses]
    if gone:
        SubscriptionStatus.objects.filter(pk__in=gone).delete()


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
