"""Keeping the journal within its bounds: rows and age."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections
from django.db.models import QuerySet
from django.utils import timezone

from eventbus_admin.journal.models import JournalEntry, Outcome, WorkerPresence

EVERY_SECONDS = 15.0
BATCH = 500
OUTCOMES_PER_EVENT = 5
"""Services that receipts are kept of, on average over all events."""
SILENT_FOR = timedelta(minutes=10)
"""Workers announce themselves every 30 s; one silent for so long is no longer shown."""
MAX_PRESENCES = 10_000

log = structlog.get_logger(__name__)


def run(stop: threading.Event, leads: Callable[[], bool]) -> None:
    """Trim the journal again and again while this process leads, until told to stop."""
    while not stop.wait(EVERY_SECONDS):
        if not leads():
            continue
        try:
            if removed := trim(stop=stop):
                log.debug("journal.trimmed", rows=removed)
        finally:
            close_old_connections()


def trim(
    *,
    rows: int | None = None,
    age: timedelta | None = None,
    now: datetime | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Delete what is beyond the bounds, in small transactions; returns how many rows.

    `rows` and `age` default to the settings; `stop` ends it between two transactions.
    """
    rows = settings.EVENTBUS_JOURNAL_ROWS if rows is None else rows
    age = timedelta(days=settings.EVENTBUS_JOURNAL_DAYS) if age is None else age
    now = now or timezone.now()
    stop = stop or threading.Event()
    entries, outcomes = JournalEntry.objects.order_by(), Outcome.objects.order_by()
    presences = WorkerPresence.objects.order_by()
    # Age and number apart: each has an index of its own.
    beyond = (
        entries.filter(seen__lt=now - age),
        _excess(entries, rows),
        outcomes.filter(at__lt=now - age),
        _excess(outcomes, rows * OUTCOMES_PER_EVENT),
        presences.filter(last_seen__lt=now - SILENT_FOR),
        _excess(presences, MAX_PRESENCES),
    )
    return sum(_delete(which, stop) for which in beyond)


def _excess(everything: QuerySet[Any], limit: int) -> QuerySet[Any]:
    """Return what is older than the newest `limit` rows."""
    boundary = everything.order_by("-id").values_list("id", flat=True)[limit : limit + 1]
    newest_excess = next(iter(boundary), 0)
    return everything.filter(id__lte=newest_excess)


def _delete(which: QuerySet[Any], stop: threading.Event) -> int:
    deleted = 0
    while not stop.is_set():
        ids = list(which.values_list("id", flat=True)[:BATCH])
        if not ids:
            break
        which.model._default_manager.filter(id__in=ids).delete()
        deleted += len(ids)
    return deleted
