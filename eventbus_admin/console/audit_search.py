"""What the audit trail is narrowed to, as the address of its page says."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date

from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.console.filters import asked

SPANS = {
    "hour": ("The last hour", timedelta(hours=1)),
    "day": ("The last 24 hours", timedelta(days=1)),
    "week": ("The last 7 days", timedelta(days=7)),
    "month": ("The last 30 days", timedelta(days=30)),
}
SAME = {"who": "actor_name", "verb": "verb", "kind": "object_kind", "object": "object_name"}
RECENT = 1000


class Unreadable(Exception):
    """A filter holds what cannot be read; the text is a sentence for the page."""


@dataclass(frozen=True)
class Offered:
    """Values that the latest entries have, to choose from."""

    people: list[str]
    verbs: list[str]
    kinds: list[str]


def offered(request: HttpRequest, entries: QuerySet[AuditEntry]) -> Offered:
    """Return what there is to choose; what is chosen already is always among it."""
    rows = entries.order_by("-id").values_list("actor_name", "verb", "object_kind")
    latest = list(rows[:RECENT])
    return Offered(
        people=sorted({asked(request, "who"), *(one[0] for one in latest)} - {""}),
        verbs=sorted({asked(request, "verb"), *(one[1] for one in latest)} - {""}),
        kinds=sorted({asked(request, "kind"), *(one[2] for one in latest)} - {""}),
    )


def condition(request: HttpRequest) -> Q:
    """Return what entries must fulfil; raises `Unreadable`."""
    wanted = Q()
    for name, field in SAME.items():
        if value := asked(request, name):
            wanted &= Q(**{field: value})
    for word in asked(request, "q").replace("→", " ").split():
        wanted &= Q(object_name__icontains=word)
    if group := asked(request, "request"):
        wanted &= Q(group=_id(group))
    return wanted & _span(request)


def _span(request: HttpRequest) -> Q:
    wanted = Q()
    if span := SPANS.get(asked(request, "within")):
        wanted &= Q(at__gte=timezone.now() - span[1])
    if first := asked(request, "from"):
        wanted &= Q(at__gte=_midnight(first))
    if last := asked(request, "to"):
        wanted &= Q(at__lt=_midnight(last, days=1))
    return wanted


def _midnight(text: str, days: int = 0) -> datetime:
    try:
        if day := parse_date(text):
            return datetime.combine(day + timedelta(days=days), time.min, tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise Unreadable(f"{text[:40]} is not a day. Write it like 2026-11-23.")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Unreadable(
            f"{text[:60]} is not the id of a request or a run. Answers bear theirs as X-Request-Id."
        ) from error
