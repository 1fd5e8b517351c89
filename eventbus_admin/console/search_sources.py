"""Where the search looks: for each kind one query of a few rows, of what the person may see."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Length
from django.urls import reverse

from eventbus_admin.accounts.models import Team, User
from eventbus_admin.accounts.policies import may_read
from eventbus_admin.console.links import event_page, page_of, shown_name
from eventbus_admin.console.search import EXACT, INSIDE, PREFIX, Group, Hit, matching, ranked, words
from eventbus_admin.console.search_pages import pages
from eventbus_admin.deadletters.models import Cause, DeadLetter, RetryRun
from eventbus_admin.journal.models import JournalEntry
from eventbus_admin.journal.sight import Sight
from eventbus_admin.reconcile.models import BrokerObject, Operation, Run
from eventbus_admin.registry.models import EventType, Service, Subscription
from eventbus_admin.registry.tokens import tokens_visible_to

MOST = 5
"""So many are shown of a kind."""
LEAST_CHARS = 3
"""Shorter beginnings of ids would find anything."""
MOST_EVENTS_OF_STORIES = 100


def found(user: User, sight: Sight, text: str) -> list[Group]:
    """Return what answers the search, best first; for an empty one the pages and actions."""
    if not may_read(user):
        return []
    everything = pages()
    if not text:
        return [Group("Pages and actions", "arrow-right", everything)]
    groups = [
        Group("Pages and actions", "arrow-right", matching(everything, text, MOST)),
        Group("Subscriptions", "cable", _subscriptions(user, text)),
        Group("Services", "boxes", _services(user, text)),
        Group("Event types", "shapes", _event_types(user, text)),
        Group("Events", "radio", _events(text)),
        Group("Stories", "git-branch", _stories(text)),
        Group("Dead letters", "mail-x", _dead_letters(user, text) + _causes(user, sight, text)),
        Group("On the broker", "database", _objects(text)),
        Group("Runs and operations", "play", _runs(user, text)),
        Group("Teams", "users", _teams(text)),
        Group("Tokens", "key-round", _tokens(user, text)),
    ]
    return ranked(groups, text)


def _best(rows: QuerySet[Any], text: str, *paths: str) -> QuerySet[Any]:
    """Return the few rows that answer best: exact, then from the beginning, then shorter ones."""
    for word in words(text):
        anywhere = Q()
        for path in paths:
            anywhere |= Q(**{f"{path}__icontains": word})
        rows = rows.filter(anywhere)
    exact, prefix = Q(), Q()
    for path in paths:
        exact |= Q(**{f"{path}__iexact": text})
        prefix |= Q(**{f"{path}__istartswith": text})
    answers = Case(
        When(exact, then=Value(EXACT)),
        When(prefix, then=Value(PREFIX)),
        default=Value(INSIDE),
        output_field=IntegerField(),
    )
    lengths = [Length(path) for path in paths]
    best: QuerySet[Any] = rows.annotate(answers=answers).order_by("answers", *lengths, "pk")[:MOST]
    return best


def _event_types(user: User, text: str) -> list[Hit]:
    rows = _best(EventType.objects.visible_to(user).select_related("owner"), text, "name")
    return _named("event_type", rows)


def _services(user: User, text: str) -> list[Hit]:
    rows = _best(Service.objects.visible_to(user).select_related("owner"), text, "name")
    return _named("service", rows)


def _named(kind: str, rows: QuerySet[Any]) -> list[Hit]:
    return [Hit(page_of(kind, row.name) or "", row.name, row.owner.name) for row in rows]


def _subscriptions(user: User, text: str) -> list[Hit]:
    visible = Subscription.objects.visible_to(user).select_related("event_type", "service")
    hits = []
    for row in _best(visible, text, "event_type__name", "service__name"):
        name = f"{row.event_type.name}/{row.service.name}"
        url = page_of("subscription", name) or ""
        hits.append(Hit(url, shown_name("subscription", name), row.get_state_display()))
    return hits


def _events(text: str) -> list[Hit]:
    if len(text) < LEAST_CHARS:
        return []
    rows = JournalEntry.objects.filter(event_id__startswith=text).order_by("event_id")
    return [
        Hit(url, event_id, f"{event_type} of {seen:%Y-%m-%d %H:%M} UTC")
        for event_id, event_type, seen in rows.values_list("event_id", "type", "seen")[:MOST]
        if (url := event_page(event_id))
    ]


def _stories(text: str) -> list[Hit]:
    """Return stories by their correlation id; each opens at its newest event."""
    if len(text) < LEAST_CHARS:
        return []
    rows = JournalEntry.objects.filter(correlation_id__startswith=text).order_by("-id")
    newest: dict[str, Hit] = {}
    for story, event_id in rows.values_list("correlation_id", "event_id")[:MOST_EVENTS_OF_STORIES]:
        if story not in newest and (url := event_page(event_id)):
            newest[story] = Hit(url, story, "correlation id")
    return list(newest.values())[:MOST]


def _dead_letters(user: User, text: str) -> list[Hit]:
    if len(text) < LEAST_CHARS:
        return []
    visible = DeadLetter.objects.visible_to(user).filter(event_id__startswith=text)
    rows = visible.order_by("-pk").values_list("pk", "event_id", "service__name")[:MOST]
    return [
        Hit(reverse("console:dead-letter", args=[pk]), event_id, f"given up by {service}")
        for pk, event_id, service in rows
    ]


def _causes(user: User, sight: Sight, text: str) -> list[Hit]:
    # A cause is of many events: that one of them was revealed does not open it.
    shown = replace(sight, events=frozenset()).condition("event_type")
    rows = _best(Cause.objects.visible_to(user).filter(shown), text, "text")
    return [
        Hit(reverse("console:dead-letter-cause", args=[row.pk]), row.text, row.event_type)
        for row in rows
    ]


def _objects(text: str) -> list[Hit]:
    light = BrokerObject.objects.defer("should", "found", "message", "impact")
    return [
        Hit(
            reverse("console:drift-object", args=[row.pk]),
            row.name,
            f"{row.kind}, {row.get_sync_display().lower()}",
        )
        for row in _best(light, text, "name")
    ]


def _runs(user: User, text: str) -> list[Hit]:
    retries = RetryRun.objects.visible_to(user)
    hits = [
        Hit(reverse("console:operation", args=[row.pk]), row.name, row.get_kind_display())
        for row in _by_id_or(Operation.objects.all(), text, "name")
    ]
    hits += [
        Hit(reverse("console:run", args=[row.pk]), row.reason or str(row.pk), "applied plan")
        for row in _by_id_or(Run.objects.defer("steps", "names"), text, "reason")
    ]
    hits += [
        Hit(reverse("console:retry-run", args=[row.pk]), row.what, "retry of dead letters")
        for row in _by_id_or(retries, text, "what")
    ]
    return hits[:MOST]


def _by_id_or(rows: QuerySet[Any], text: str, path: str) -> QuerySet[Any]:
    try:
        return rows.filter(pk=UUID(text))
    except ValueError:
        return rows.filter(**{f"{path}__icontains": text}).order_by("-created")[:MOST]


def _teams(text: str) -> list[Hit]:
    services = reverse("console:services")
    return [
        Hit(f"{services}?{urlencode({'owner': row.name})}", row.name, "its services")
        for row in _best(Team.objects.all(), text, "name")
    ]


def _tokens(user: User, text: str) -> list[Hit]:
    return [
        Hit(page_of("token", row.prefix) or "", row.name, f"{row.prefix}… of {row.owner}")
        for row in _best(tokens_visible_to(user), text, "name", "prefix")
    ]
