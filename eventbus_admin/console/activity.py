"""What flowed lately, from the journal."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Func, IntegerField
from django.utils import timezone

from eventbus_admin.console.charts import Bars, Spark, Stack, bars, spark, stack
from eventbus_admin.journal.models import JournalEntry, Outcome

MINUTES = 60
NAMED = 5
"""So many types have a colour of their own in a chart."""
OTHERS = "other types"
# Many people may watch; the journal is asked for its minutes once in a while only.
KEPT_SECONDS = 5


class Minute(Func):
    """The minute since 1970 that a moment lies in, computed where the rows are."""

    output_field = IntegerField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """SQLite keeps moments as text; its own function reads them far faster than Django's."""
        # Days have a fraction: half a millisecond keeps a full minute out of the one before.
        template = "CAST((julianday(%(expressions)s) - 2440587.5) * 1440 + 0.00001 AS INTEGER)"
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


def hour_chart(event_type: str) -> Bars:
    """Return the last hour of one type as a bar for each minute."""
    counts = _counts()
    return bars([(_moment(one), counts.get((event_type, one), 0)) for one in _minutes()])


def hour_stack(only: str = "") -> Stack:
    """Return the last hour by type, a column for each minute; `only` leaves one type.

    The busiest types have a colour each, the others share one.
    """
    counts, minutes = _counts(), _minutes()
    totals: Counter[str] = Counter()
    for (event_type, _), number in counts.items():
        totals[event_type] += number
    # By name, so that a type keeps its colour when another overtakes it.
    named = [only] if only else sorted(name for name, _ in totals.most_common(NAMED))
    rest = set() if only else totals.keys() - set(named)
    rows = []
    for minute in minutes:
        values = [counts.get((name, minute), 0) for name in named]
        if rest:
            values.append(sum(counts.get((name, minute), 0) for name in rest))
        rows.append((_moment(minute), values))
    return stack(rows, [*named, OTHERS] if rest else named)


def begins() -> datetime | None:
    """Return when the journal begins, if it does not reach back an hour; one query."""
    first = JournalEntry.objects.order_by("id").values_list("seen", flat=True).first()
    return first if first and first > _moment(_minutes()[0]) else None


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
