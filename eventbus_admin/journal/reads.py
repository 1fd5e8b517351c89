"""Reading the journal, in a constant number of queries."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from eventbus_admin.journal.entries import journal_id
from eventbus_admin.journal.models import JournalEntry, Outcome, WorkerPresence
from eventbus_admin.journal.rows import EVERYTHING, Detail, EventFilter, Row, detail, row
from eventbus_admin.journal.sight import Sight

PRESENT_FOR = timedelta(seconds=90)
"""A worker that was silent for three announcements is taken for gone."""


def entries(wanted: EventFilter = EVERYTHING, *, sight: Sight) -> QuerySet[JournalEntry]:
    """Return the entries that pass a filter, newest first; a hidden payload matches no text."""
    found = JournalEntry.objects.order_by("-id")
    if wanted.type:
        found = found.filter(type=wanted.type)
    if wanted.service:
        handled = Outcome.objects.filter(event_id=OuterRef("event_id"), service=wanted.service)
        found = found.filter(Q(source=wanted.service) | Exists(handled))
    if wanted.text:
        found = found.filter(_contains(wanted.text, sight))
    return found


def last_rows(
    wanted: EventFilter = EVERYTHING, *, sight: Sight, limit: int = 100, before: int | None = None
) -> list[Row]:
    """Return the last rows that pass a filter, newest last; two queries.

    `before` is the primary key of an entry: only what was journaled earlier.
    """
    found = entries(wanted, sight=sight)
    if before is not None:
        found = found.filter(id__lt=before)
    return rows_of(reversed(found[:limit]), sight=sight)


def rows_of(found: Iterable[JournalEntry], *, sight: Sight) -> list[Row]:
    """Return the rows of entries, in their order, with their outcomes; one query for these."""
    found = list(found)
    outcomes = outcomes_of([entry.event_id for entry in found])
    return [row(entry, outcomes[entry.event_id], sight=sight) for entry in found]


def outcomes_of(event_ids: Collection[str]) -> defaultdict[str, list[Outcome]]:
    """Return what became of these events, by event; one query."""
    by_event: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in Outcome.objects.filter(event_id__in=event_ids).order_by("service"):
        by_event[outcome.event_id].append(outcome)
    return by_event


def one_event(event_id: str, *, sight: Sight) -> Detail | None:
    """Return an event with what became of it, or `None` when the journal does not have it."""
    key = journal_id(event_id)
    entry = JournalEntry.objects.filter(event_id=key).first()
    return detail(entry, outcomes_of([key])[key], sight=sight) if entry else None


def workers_present(now: datetime | None = None) -> QuerySet[WorkerPresence]:
    """Return the workers that announced themselves lately."""
    return WorkerPresence.objects.filter(last_seen__gte=(now or timezone.now()) - PRESENT_FOR)


def _contains(text: str, sight: Sight) -> Q:
    """Return the condition that the id, the type or a payload that is shown contains this text.

    SQLite keeps JSON with everything but ASCII escaped, PostgreSQL as it reads: both are asked.
    """
    escaped = json.dumps(text)[1:-1]
    payload = Q()
    for form in {text, json.dumps(text, ensure_ascii=False)[1:-1], escaped}:
        payload |= Q(payload__icontains=form)
    named = Q(event_id__icontains=text) | Q(type__icontains=text)
    return named | (payload & sight.condition())
