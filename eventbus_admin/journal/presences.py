"""Writing what workers report: that they are there."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from bus_core.errors import InvalidName
from bus_core.names import check_name
from bus_core.reports import Announcement
from eventbus_admin.journal.entries import keepable
from eventbus_admin.journal.models import WorkerPresence
from eventbus_admin.journal.outcomes import moment

MAX_SUBSCRIPTIONS = 500
MAX_PID = 2**31 - 1
_FIELDS = (
    "service",
    "host",
    "pid",
    "version",
    "subscriptions",
    "paused",
    "started",
    "last_seen",
)


def record_announcements(announcements: Iterable[tuple[Announcement, datetime]]) -> None:
    """Write who is at work, given announcements in order with when they arrived.

    A worker that said goodbye is removed. Announcements that make no sense are left out.
    """
    latest = {one.worker: (one, seen) for one, seen in announcements if _has_name(one)}
    left = [worker for worker, (one, _) in latest.items() if one.leaving]
    present = [
        presence
        for one, seen in latest.values()
        if not one.leaving and (presence := presence_of(one, seen)) is not None
    ]
    with transaction.atomic():
        WorkerPresence.objects.filter(worker__in=left).delete()
        WorkerPresence.objects.bulk_create(
            present, update_conflicts=True, unique_fields=("worker",), update_fields=_FIELDS
        )


def presence_of(announcement: Announcement, seen: datetime) -> WorkerPresence | None:
    """Return the unsaved presence that an announcement tells of; `None` if it makes no sense."""
    try:
        return WorkerPresence(
            worker=announcement.worker,
            service=check_name(announcement.service),
            host=str(keepable(announcement.host))[:255],
            pid=min(max(int(announcement.pid), 0), MAX_PID),
            version=str(keepable(announcement.version))[:40],
            subscriptions=_names(announcement.subscriptions),
            paused=_names(announcement.paused),
            started=moment(announcement.started) if announcement.started else None,
            last_seen=seen,
        )
    except (InvalidName, ValueError, TypeError, OverflowError):
        return None


def _has_name(announcement: Announcement) -> bool:
    worker = announcement.worker
    return isinstance(worker, str) and 0 < len(worker) <= 255 and "\x00" not in worker


def _names(names: Iterable[str]) -> list[str]:
    return [check_name(name) for name in list(names)[:MAX_SUBSCRIPTIONS]]
