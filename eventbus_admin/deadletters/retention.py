"""Keeping what is settled within bounds; what waits for a person is never removed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from eventbus_admin.deadletters.models import SETTLED, Cause, DeadLetter, RetryRun, State

BATCH = 200


def trim(
    *, rows: int | None = None, age: timedelta | None = None, now: datetime | None = None
) -> int:
    """Delete a batch of what was settled long ago, or is beyond the rows; returns how many.

    Both bounds are the journal's unless given. What was sent and never reported on counts as
    settled when it is as old.
    """
    rows = settings.EVENTBUS_JOURNAL_ROWS if rows is None else rows
    age = timedelta(days=settings.EVENTBUS_JOURNAL_DAYS) if age is None else age
    before = (now or timezone.now()) - age
    settled = DeadLetter.objects.filter(state__in=SETTLED)
    old = DeadLetter.objects.filter(state__in=(*SETTLED, State.RETRIED), since__lt=before)
    removed = _delete(old.order_by("since")) + _delete(_excess(settled, rows))
    _forget_the_empty(before)
    return removed


def _excess(settled: QuerySet[DeadLetter], limit: int) -> QuerySet[DeadLetter]:
    boundary = settled.order_by("-since").values_list("since", flat=True)[limit : limit + 1]
    newest = next(iter(boundary), None)
    return settled.none() if newest is None else settled.filter(since__lte=newest).order_by("since")


def _delete(which: QuerySet[DeadLetter]) -> int:
    ids = list(which.values_list("pk", flat=True)[:BATCH])
    DeadLetter.objects.filter(pk__in=ids).delete()
    return len(ids)


def _forget_the_empty(before: datetime) -> None:
    """Delete causes and runs that nothing points to any more."""
    causes = Cause.objects.filter(letters=None).order_by().values_list("pk", flat=True)[:BATCH]
    Cause.objects.filter(pk__in=list(causes)).delete()
    ended = Q(state=RetryRun.Progress.DONE) | Q(state=RetryRun.Progress.STOPPED)
    runs = RetryRun.objects.filter(ended, letters=None, created__lt=before).order_by()
    RetryRun.objects.filter(pk__in=list(runs.values_list("pk", flat=True)[:BATCH])).delete()
