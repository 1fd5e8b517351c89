"""What flowed lately, from the journal."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Func, IntegerField
from django.utils import timezone

from eventbus_admin.console.charts import Bars, Spark, bars, spark
from eventbus_admin.journal.models import JournalEntry, Outcome

MINUTES = 60
# Many people may watch; the journal is asked for its minutes once in a while only.
KEPT_SECONDS = 5


class Minute(Func):
    """The minute since 1970 that a moment lies in, computed where the rows are."""

    output_field = IntegerField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """SQLite keeps moments as text; its own function reads them far faster than Django's."""
        template = "CAST((julianday(%(expressions)s) - 2440587.5) * 1440 AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Seconds since 1970 by name."""
        template = "CAST(floor(EXTRACT(EPOCH FROM %(expressions)s) / 60) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **extra)


def last_minute() -> int:
    """Return how many events were seen in the last 60 seconds."""
    return JournalEntry.objects.filter(seen__gte=timezone.now() - timedelta(seconds=60)).count()


def gave_up_lately() -> int:
    """Return how many events gave up in the last 24 hours."""

    def count() -> int:
        since = timezone.now() - timedelta(days=1)
        return Outcome.objects.filter(outcome="dead", at__gte=since).count()

    return cache.get_or_set("console.gave-up", count, KEPT_SECONDS) or 0


def hour_chart() -> Bars:
    """Return the last hour as a bar for each minute."""
    counts: dict[int, int] = {}
    for (_, minute), number in _counts().items():
        counts[minute] = counts.get(minute, 0) + number
    return bars([(_moment(minute), counts.get(minute, 0)) for minute in _minutes()])


def sparks(event_types: list[str]) -> dict[str, Spark]:
    """Return a line for each event type: its last hour, in steps of two minutes."""
    counts, minutes = _counts(), _minutes()
    lines = {}
    for event_type in event_types:
        values = [counts.get((event_type, minute), 0) for minute in minutes]
        pairs = [sum(pair) for pair in zip(values[::2], values[1::2], strict=True)]
        lines[event_type] = spark(pairs, f"{sum(values):,} events in the last hour")
    return lines


def _minutes() -> list[int]:
    now = int(timezone.now().timestamp()) // 60
    return list(range(now - MINUTES + 1, now + 1))


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, tz=UTC)


def _counts() -> dict[tuple[str, int], int]:
    """Events of the last hour by type and minute."""

    def read() -> dict[tuple[str, int], int]:
        rows = (
            JournalEntry.objects.filter(seen__gte=_moment(_minutes()[0]))
            .annotate(minute=Minute("seen"))
            .order_by()
            .values_list("type", "minute")
            .annotate(number=Count("id"))
        )
        return {(event_type, minute): number for event_type, minute, number in rows}

    return cache.get_or_set("console.activity", read, KEPT_SECONDS) or {}
